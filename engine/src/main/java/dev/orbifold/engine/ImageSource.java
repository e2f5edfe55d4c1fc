package dev.orbifold.engine;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the bytes of one encoded image are. */
sealed interface ImageSource {
    /** How messages call it. */
    String name();

    /** The encoded bytes. */
    byte[] bytes() throws IOException;

    /** An image in a file of its own. */
    record InFile(Path path) implements ImageSource {
        @Override
        public String name() {
            return path.toString();
        }

        @Override
        public byte[] bytes() throws IOException {
            return Files.readAllBytes(path);
        }
    }

    /** An image within a mapped archive. */
    record InArchive(Path archive, TarFile.Entry entry) implements ImageSource {
        @Override
        public String name() {
            return entry.name() + " in " + archive;
        }

        @Override
        public byte[] bytes() {
            MemorySegment content = entry.content();
            return content.toArray(ValueLayout.JAVA_BYTE);
        }
    }
}

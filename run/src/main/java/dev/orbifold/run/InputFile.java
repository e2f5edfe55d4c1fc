package dev.orbifold.run;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * A file or folder a Run was given, and how to recognise it.
 *
 * @param role such as {@code model} or {@code data}
 * @param path absolute
 * @param files regular files read: 1 for a file
 * @param bytes of all of them
 * @param sha256 of the file's bytes; of a folder, over its files in order of their relative names: name, a zero byte, and
 *        the file's own SHA-256
 */
public record InputFile(String role, Path path, int files, long bytes, String sha256) {
    /**
     * Reads and hashes a file, or all files of a folder.
     *
     * @throws RunException if something cannot be read
     */
    public static InputFile of(String role, Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        try {
            if (!Files.isDirectory(absolute)) {
                return new InputFile(role, absolute, 1, Files.size(absolute), HexFormat.of().formatHex(hash(absolute)));
            }
            return folder(role, absolute);
        } catch (IOException e) {
            throw Storage.failure("read", absolute, e);
        }
    }

    /**
     * Reads the file or folder again and compares.
     *
     * @throws RunException if it is gone or its bytes differ from those the Run was given
     */
    public void checkUnchanged() {
        if (!Files.exists(path)) {
            throw new RunException("the " + role + " " + path + " of this Run is gone; put it back, then resume");
        }
        InputFile now = of(role, path);
        if (!now.sha256().equals(sha256)) {
            throw new RunException(
                    "the " + role + " " + path + " is not what this Run was given: SHA-256 " + now.sha256()
                            + " and " + now.bytes() + " bytes, expected " + sha256 + " and " + bytes
                            + "; put the original back, or start a new Run");
        }
    }

    private static InputFile folder(String role, Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.walk(folder)) {
            files = found.filter(Files::isRegularFile).sorted().toList();
        }
        MessageDigest digest = digest();
        long bytes = 0;
        for (Path file : files) {
            String name = folder.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            digest.update(hash(file));
            bytes += Files.size(file);
        }
        return new InputFile(role, folder, files.size(), bytes, HexFormat.of().formatHex(digest.digest()));
    }

    private static byte[] hash(Path file) throws IOException {
        MessageDigest digest = digest();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        }
        return digest.digest();
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}

package dev.orbifold.engine;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The regular files of a tar archive (POSIX ustar with GNU and pax long names), memory-mapped. */
final class TarFile {
    private static final int BLOCK = 512;

    private TarFile() {
    }

    /** A regular file: its name within the archive and its bytes. */
    record Entry(String name, MemorySegment content) {
    }

    static List<Entry> entries(Path path) throws IOException {
        MemorySegment all;
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
        }
        List<Entry> entries = new ArrayList<>();
        String longName = "";
        long at = 0;
        while (at + BLOCK <= all.byteSize() && all.get(ValueLayout.JAVA_BYTE, at) != 0) {
            checkSum(path, all, at);
            long size = number(path, all, at + 124, 12, at);
            if (size > all.byteSize() - at - BLOCK) {
                throw new DataException(path + " is truncated: the entry at byte " + at + " needs " + size
                        + " bytes, found " + (all.byteSize() - at - BLOCK));
            }
            MemorySegment content = all.asSlice(at + BLOCK, size);
            char kind = (char) all.get(ValueLayout.JAVA_BYTE, at + 156);
            switch (kind) {
                case 'L' -> longName = text(content, 0, size);
                case 'x' -> longName = paxPath(content, longName);
                case '0', '\0' -> {
                    entries.add(new Entry(longName.isEmpty() ? name(all, at) : longName, content));
                    longName = "";
                }
                default -> longName = kind == 'g' || kind == 'K' ? longName : "";
            }
            at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
        }
        if (at > all.byteSize() || all.byteSize() == 0) {
            throw new DataException(path + " is truncated: it ends within its last entry");
        }
        return entries;
    }

    private static String name(MemorySegment all, long at) {
        String name = text(all, at, 100);
        String prefix = text(all, at + 257, 5).equals("ustar") && all.get(ValueLayout.JAVA_BYTE, at + 262) == 0
                ? text(all, at + 345, 155) : "";
        return prefix.isEmpty() ? name : prefix + "/" + name;
    }

    private static String text(MemorySegment from, long at, long most) {
        byte[] bytes = from.asSlice(at, most).toArray(ValueLayout.JAVA_BYTE);
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    /** The path among pax records of the form "length key=value\n"; lengths count bytes. */
    private static String paxPath(MemorySegment content, String otherwise) {
        byte[] bytes = content.toArray(ValueLayout.JAVA_BYTE);
        int at = 0;
        while (at < bytes.length) {
            int space = at;
            int length = 0;
            while (space < bytes.length && bytes[space] >= '0' && bytes[space] <= '9') {
                length = length * 10 + bytes[space++] - '0';
            }
            if (length <= 0 || at + length > bytes.length || space >= at + length) {
                return otherwise;
            }
            String pair = new String(bytes, space + 1, at + length - space - 2, StandardCharsets.UTF_8);
            if (pair.startsWith("path=")) {
                return pair.substring("path=".length());
            }
            at += length;
        }
        return otherwise;
    }

    private static void checkSum(Path path, MemorySegment all, long at) {
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= 148 && i < 156 ? ' ' : all.get(ValueLayout.JAVA_BYTE, at + i) & 0xFF;
        }
        if (sum != number(path, all, at + 148, 8, at)) {
            throw new DataException(path + " is damaged or not a tar archive: the checksum of the entry at byte " + at
                    + " does not fit");
        }
    }

    private static long number(Path path, MemorySegment all, long from, int length, long at) {
        if ((all.get(ValueLayout.JAVA_BYTE, from) & 0x80) != 0) {
            long value = 0;
            for (int i = 1; i < length; i++) {
                value = value << 8 | all.get(ValueLayout.JAVA_BYTE, from + i) & 0xFF;
            }
            return value;
        }
        String digits = text(all, from, length).strip();
        try {
            return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
        } catch (NumberFormatException e) {
            throw new DataException(path + " is damaged or not a tar archive: the entry at byte " + at
                    + " has \"" + digits + "\" where an octal number should be", e);
        }
    }
}

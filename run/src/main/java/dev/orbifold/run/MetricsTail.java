package dev.orbifold.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The metrics of a Run while it goes on: reads what has been added since the last look, and begins again where the file was
 * cut back, as it is when a Run is resumed. A last line that is not whole yet is left for the next look.
 */
public final class MetricsTail {
    /** So many bytes before the place reached are compared, to see whether they are still the same. */
    private static final int MARK = 256;

    /** At most so much is read at once. */
    private static final int BLOCK = 1 << 20;

    private final Path file;
    private final List<JsonNode> lines = new ArrayList<>();
    private Optional<String> problem = Optional.empty();
    private byte[] mark = new byte[0];
    private long read;
    private int number;

    MetricsTail(Path file) {
        this.file = file;
    }

    /**
     * Reads on.
     *
     * @return whether {@link #lines} or {@link #problem} is another now
     * @throws RunException if the file is there and cannot be read
     */
    public boolean advance() {
        if (!Files.exists(file)) {
            return restart();
        }
        try (FileChannel channel = FileChannel.open(file)) {
            boolean changed = !unchanged(channel) && restart();
            long before = read;
            while (block(channel)) {
                changed = true;
            }
            return changed || read > before;
        } catch (NoSuchFileException e) {
            return restart();
        } catch (IOException e) {
            throw Storage.failure("read", file, e);
        }
    }

    /** Leaves out what stands before the last so many bytes, and the line that they begin in. */
    void skipTo(long last) {
        if (!Files.exists(file)) {
            return;
        }
        try (FileChannel channel = FileChannel.open(file)) {
            long from = channel.size() - last;
            if (from > 0) {
                byte[] bytes = bytes(channel, from, (int) last);
                int end = 0;
                while (end < bytes.length && bytes[end] != '\n') {
                    end++;
                }
                read = from + Math.min(end + 1, bytes.length);
            }
        } catch (IOException e) {
            throw Storage.failure("read", file, e);
        }
    }

    /** The whole lines so far, in order; those that are not JSON are left out. */
    public List<JsonNode> lines() {
        return List.copyOf(lines);
    }

    /** Which line was the first that is not JSON, and why, if one was. */
    public Optional<String> problem() {
        return problem;
    }

    private boolean restart() {
        boolean had = read > 0;
        lines.clear();
        problem = Optional.empty();
        mark = new byte[0];
        read = 0;
        number = 0;
        return had;
    }

    /** Whether what has been read is still there. */
    private boolean unchanged(FileChannel channel) throws IOException {
        return channel.size() >= read && Arrays.equals(mark, bytes(channel, read - mark.length, mark.length));
    }

    /** Takes whole lines from the next block; false where none ends in it. */
    private boolean block(FileChannel channel) throws IOException {
        byte[] bytes = bytes(channel, read, (int) Math.min(channel.size() - read, BLOCK));
        int begin = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                line(new String(bytes, begin, i - begin, StandardCharsets.UTF_8));
                begin = i + 1;
            }
        }
        if (begin == 0 && bytes.length == BLOCK) {
            throw new RunException(file + ", line " + (number + 1) + " is longer than " + BLOCK + " bytes");
        }
        read += begin;
        if (begin > 0) {
            int length = (int) Math.min(MARK, read);
            mark = bytes(channel, read - length, length);
        }
        return begin > 0;
    }

    private void line(String text) {
        number++;
        try {
            lines.add(Json.parse(text));
        } catch (RunException e) {
            if (problem.isEmpty()) {
                problem = Optional.of(file + ", line " + number + ": " + e.getMessage());
            }
        }
    }

    /** What there is of the bytes asked for. */
    private static byte[] bytes(FileChannel channel, long position, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(Math.max(0, length));
        int got = 0;
        for (long at = position; target.hasRemaining() && got >= 0; at += got) {
            got = channel.read(target, at);
        }
        return Arrays.copyOf(target.array(), target.position());
    }
}

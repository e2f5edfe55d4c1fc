package dev.orbifold.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The append-only {@code metrics.jsonl}: one JSON object per line, each in the file before {@code append} returns. */
public final class MetricsLog implements AutoCloseable {
    private final Path file;
    private final FileChannel channel;
    private final long openedAt = System.nanoTime();
    private double secondsBefore;
    private long length;
    private Optional<EventFile> events = Optional.empty();

    private MetricsLog(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Opens the log for appending behind its last whole line; a line torn by a crash is dropped. */
    static MetricsLog open(Path file) {
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            MetricsLog log = new MetricsLog(file, channel);
            log.cut(channel.size());
            return log;
        } catch (IOException e) {
            throw Storage.failure("open", file, e);
        }
    }

    /**
     * Appends the metric, stamped with the seconds the Run has been working.
     *
     * @throws RunException if it cannot be written; the log then ends with its last whole line
     */
    public synchronized void append(Metric metric) {
        Map<String, Object> fields = metric.fields(Math.round(seconds() * 1e3) / 1e3);
        byte[] line = (Json.line(fields) + "\n").getBytes(StandardCharsets.UTF_8);
        try {
            channel.position(length);
            Storage.writeFully(channel, ByteBuffer.wrap(line));
            length += line.length;
        } catch (IOException e) {
            RunException failure = Storage.failure("write", file, e);
            try {
                channel.truncate(length);
            } catch (IOException again) {
                failure.addSuppressed(again);
            }
            throw failure;
        }
        events.ifPresent(mirror -> mirror.append(Json.tree(fields)));
    }

    /**
     * From now on keeps what is here as an event file of TensorBoard too, which is cut back with this log.
     *
     * @throws RunException if that cannot be written
     */
    synchronized void mirror(Path folder, Instant began) {
        if (events.isEmpty()) {
            events = Optional.of(EventFile.open(folder, began, lines()));
        }
    }

    private List<JsonNode> lines() {
        MetricsTail tail = new MetricsTail(file);
        tail.advance();
        tail.problem().ifPresent(problem -> {
            throw new RunException(problem);
        });
        return tail.lines();
    }

    /** Seconds the Run has been working, over all its resumptions, without the pauses between them. */
    public synchronized double seconds() {
        return secondsBefore + (System.nanoTime() - openedAt) * 1e-9;
    }

    /** Bytes of whole lines so far. */
    synchronized long length() {
        return length;
    }

    /** Forgets what was written behind the given length, and lets the clock go on from what is left. */
    synchronized void cutTo(long newLength) {
        try {
            cut(Math.min(newLength, length));
            events.ifPresent(mirror -> mirror.rewrite(lines()));
        } catch (IOException e) {
            throw Storage.failure("truncate", file, e);
        }
    }

    synchronized void force() {
        try {
            channel.force(true);
            events.ifPresent(EventFile::force);
        } catch (IOException e) {
            throw Storage.failure("write", file, e);
        }
    }

    private void cut(long limit) throws IOException {
        long end = lineEnd(limit);
        channel.truncate(end);
        length = end;
        double last = 0;
        if (end > 0) {
            long start = lineEnd(end - 1);
            ByteBuffer line = ByteBuffer.allocate((int) (end - start));
            readFully(line, start);
            try {
                last = Json.parse(new String(line.array(), StandardCharsets.UTF_8)).path("t").asDouble();
            } catch (RunException e) {
                throw new RunException(file + ", the line that ends at byte " + end + ": " + e.getMessage(), e);
            }
        }
        secondsBefore = last - (System.nanoTime() - openedAt) * 1e-9;
    }

    /** The position behind the last newline before the limit, or 0. */
    private long lineEnd(long limit) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(4096);
        long end = limit;
        while (end > 0) {
            long start = Math.max(0, end - block.capacity());
            block.clear().limit((int) (end - start));
            readFully(block, start);
            for (int i = block.limit() - 1; i >= 0; i--) {
                if (block.get(i) == '\n') {
                    return start + i + 1;
                }
            }
            end = start;
        }
        return 0;
    }

    private void readFully(ByteBuffer target, long position) throws IOException {
        int read = 0;
        for (long at = position; target.hasRemaining() && read >= 0; at += read) {
            read = channel.read(target, at);
        }
    }

    @Override
    public void close() {
        try (channel) {
            events.ifPresent(EventFile::close);
        } catch (IOException e) {
            throw Storage.failure("close", file, e);
        }
    }
}

package dev.orbifold.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The metrics of a Run as TensorBoard reads them: one file of events with scalars, a function of the lines of
 * {@code metrics.jsonl} and of when the Run began, so that it can always be written again.
 *
 * <p>
 * A file is a row of TFRecords (a length, its checksum, the bytes, their checksum; tensorflow/core/lib/io/record_writer.h),
 * each an {@code Event} in the wire format of protocol buffers (tensorflow/core/util/event.proto and
 * framework/summary.proto). An event's wall time is when the Run began plus the seconds it had been working.
 */
final class EventFile implements AutoCloseable {
    private static final String VERSION = "brain.Event:2";
    /** Added to rotated checksums, so that records that hold records are told apart from their content. */
    private static final int MASK = 0xa282ead8;

    private static final int EVENT_WALL_TIME = 1;
    private static final int EVENT_STEP = 2;
    private static final int EVENT_FILE_VERSION = 3;
    private static final int EVENT_SUMMARY = 5;
    private static final int SUMMARY_VALUE = 1;
    private static final int VALUE_TAG = 1;
    private static final int VALUE_SIMPLE = 2;

    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final Path file;
    private final double began;
    private FileChannel channel;

    private EventFile(Path file, double began, FileChannel channel) {
        this.file = file;
        this.began = began;
        this.channel = channel;
    }

    /**
     * Writes the file anew from the lines there are, and opens it for more.
     *
     * @param folder where it lies; made where it is missing
     * @param began when the Run was created
     * @throws RunException if it cannot be written
     */
    static EventFile open(Path folder, Instant began, List<JsonNode> lines) {
        Path file = folder.resolve("events.out.tfevents." + began.getEpochSecond() + ".orbifold");
        double seconds = began.getEpochSecond() + began.getNano() * 1e-9;
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw Storage.failure("create", folder, e);
        }
        return new EventFile(file, seconds, written(file, seconds, lines));
    }

    /** Writes the file anew, once lines have been taken back. */
    void rewrite(List<JsonNode> lines) {
        close();
        channel = written(file, began, lines);
    }

    private static FileChannel written(Path file, double began, List<JsonNode> lines) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Message first = new Message();
        first.fixed64(EVENT_WALL_TIME, Double.doubleToRawLongBits(began));
        first.bytes(EVENT_FILE_VERSION, VERSION.getBytes(StandardCharsets.UTF_8));
        bytes.writeBytes(record(first));
        lines.forEach(line -> bytes.writeBytes(records(began, line)));
        Storage.write(file, bytes.toByteArray());
        try {
            return FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw Storage.failure("open", file, e);
        }
    }

    /**
     * Adds the numbers of one line; they are in the file when this returns.
     *
     * @throws RunException if they cannot be written
     */
    void append(JsonNode line) {
        try {
            Storage.writeFully(channel, ByteBuffer.wrap(records(began, line)));
        } catch (IOException e) {
            throw Storage.failure("write", file, e);
        }
    }

    /** The line as one event, nothing where it has no numbers. */
    private static byte[] records(double began, JsonNode line) {
        Map<String, Double> scalars = Scalars.of(line);
        if (scalars.isEmpty()) {
            return new byte[0];
        }
        Message summary = new Message();
        scalars.forEach((tag, number) -> {
            Message value = new Message();
            value.bytes(VALUE_TAG, tag.getBytes(StandardCharsets.UTF_8));
            value.fixed32(VALUE_SIMPLE, Float.floatToRawIntBits(number.floatValue()));
            summary.bytes(SUMMARY_VALUE, value.bytes.toByteArray());
        });
        Message event = new Message();
        event.fixed64(EVENT_WALL_TIME, Double.doubleToRawLongBits(began + line.path("t").asDouble()));
        event.varint(EVENT_STEP, line.path("step").asLong());
        event.bytes(EVENT_SUMMARY, summary.bytes.toByteArray());
        return record(event);
    }

    private static byte[] record(Message message) {
        byte[] data = message.bytes.toByteArray();
        ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length).putInt(checksum(record.array(), 8)).put(data).putInt(checksum(data, data.length));
        return record.array();
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    }

    /** Makes sure that what was written survives a crash of the machine. */
    void force() {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw Storage.failure("write", file, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw Storage.failure("close", file, e);
        }
    }

    /** One protocol buffer in the making. */
    private static final class Message {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        void varint(int field, long value) {
            raw((long) field << 3 | VARINT);
            raw(value);
        }

        void bytes(int field, byte[] content) {
            raw((long) field << 3 | BYTES);
            raw(content.length);
            bytes.writeBytes(content);
        }

        void fixed64(int field, long bits) {
            raw((long) field << 3 | FIXED64);
            bytes.writeBytes(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(bits).array());
        }

        void fixed32(int field, int bits) {
            raw((long) field << 3 | FIXED32);
            bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(bits).array());
        }

        private void raw(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                bytes.write((int) (rest & 0x7f | 0x80));
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }
    }
}

package dev.orbifold.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Label;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto.Type;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Event files read back with protobuf's own parser and a checksum computed bit by bit. */
class EventFileTest {
    /** Wall times are seconds since 1970 in doubles, which resolve 2.4e-7 s. */
    private static final double WALL = 1e-6;

    @TempDir private Path temporary;

    /** One point as a reader of the file sees it. */
    private record Point(String tag, long step, float value, double wallTime) {
    }

    private static Metric.Point at(long step) {
        return new Metric.Point(step, step / 10.0, "train");
    }

    private static void append(RunFolder run, long from, long to) {
        SplittableRandom random = new SplittableRandom(from);
        for (long step = from; step <= to; step++) {
            run.metrics().append(new Metric.Train(at(step), random.nextDouble(), 0.1 / step,
                    Map.of("accuracy", 100 * random.nextDouble(), "lambda", 1e-5 * step)));
            if (step % 5 == 0) {
                Map<String, Double> shares = new LinkedHashMap<>();
                shares.put("few weights", random.nextDouble());
                shares.put("größe/π", Double.NaN);
                run.metrics().append(new Metric.Evaluation(at(step), step % 2 == 0 ? "held-out" : "heldout",
                        100 * random.nextDouble(), random.nextDouble(), 1000 - step, 2000 - step));
                run.metrics().append(new Metric.Widths(at(step), 900 - step, Map.of("conv1", (int) (50 - step))));
                run.metrics().append(new Metric.Zeros(at(step), shares));
                run.metrics().append(new Metric.Event(at(step), "removal", "3 units"));
            }
        }
    }

    @Test
    void everyNumberOfTheMetricsIsAScalar() throws IOException {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "train", List.of())) {
            append(run, 1, 7);
            run.tensorboard();
            append(run, 8, 23);
            assertSame(folder, "while the Run is open: every line is there at once");
        }
        assertSame(folder, "once it is closed");
        Set<String> tags = new HashSet<>();
        points(folder).forEach(point -> tags.add(point.tag()));
        assertEquals(Set.of("loss/train", "accuracy/train", "learning-rate", "train/lambda", "loss/held-out",
                "accuracy/held-out", "cost/macs", "cost/parameters", "widths/macs", "widths/conv1",
                "zeros/few weights"), tags);
    }

    /** Numbers that the page of a Run does not know are shown all the same. */
    @Test
    void linesOfAnyKindHaveTags() {
        JsonNode line = Json.parse("{\"t\":1,\"step\":2,\"epoch\":1,\"phase\":\"train\",\"kind\":\"mirrors\","
                + "\"dead\":3,\"rank\":{\"fc1\":2.5,\"fc2\":null},\"note\":\"x\"}");
        assertEquals(Map.of("mirrors/dead", 3.0, "mirrors/rank/fc1", 2.5), Scalars.of(line));
    }

    @Test
    void aRunThatGoesOnForgetsWhatCameAfterItsCheckpoint() throws IOException {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "train", List.of())) {
            run.tensorboard();
            append(run, 1, 10);
            run.checkpoints().write(10, writer -> writer.putJson("state", Map.of("step", 10)));
            append(run, 11, 20);
        }
        Files.write(file(folder), new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
        try (RunFolder run = RunFolder.open(folder)) {
            run.resume().orElseThrow().close();
            run.tensorboard();
            append(run, 11, 14);
            assertSame(folder, "resumed, then mirrored; a record torn by a crash is gone");
            run.resume().orElseThrow().close();
            append(run, 11, 12);
        }
        assertSame(folder, "mirrored, then cut back");
        Set<List<Object>> seen = new HashSet<>();
        points(folder).forEach(point -> assertTrue(seen.add(List.of(point.tag(), point.step())), "twice: " + point));
    }

    @Test
    void withoutBeingAskedThereIsNoFile() {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "train", List.of())) {
            append(run, 1, 5);
        }
        assertFalse(Files.exists(folder.resolve("tensorboard")));
    }

    @Test
    void theChecksumIsThatOfTheStandard() {
        assertEquals(0xe3069283, crc32c("123456789".getBytes(java.nio.charset.StandardCharsets.US_ASCII)),
                "the check value of CRC-32C, RFC 3720");
    }

    @Test
    void aDamagedFileIsNoticed() throws IOException {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "train", List.of())) {
            run.tensorboard();
            append(run, 1, 3);
        }
        byte[] bytes = Files.readAllBytes(file(folder));
        bytes[bytes.length - 7] ^= 4;
        Files.write(file(folder), bytes);
        assertThrows(AssertionError.class, () -> points(folder));
    }

    /** The file holds each number of each line of the metrics once, in their order, and nothing else. */
    private static void assertSame(Path folder, String context) throws IOException {
        RunView view = RunView.of(folder);
        double began = view.created().getEpochSecond() + view.created().getNano() * 1e-9;
        List<Point> expected = new ArrayList<>();
        for (JsonNode line : view.metrics()) {
            Scalars.of(line).forEach((tag, value) -> expected.add(new Point(tag, line.path("step").asLong(),
                    value.floatValue(), began + line.path("t").asDouble())));
        }
        List<Point> found = points(folder);
        assertEquals(expected.size(), found.size(), context);
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(expected.get(i).tag(), found.get(i).tag(), context);
            assertEquals(expected.get(i).step(), found.get(i).step(), context);
            assertEquals(expected.get(i).value(), found.get(i).value(), context);
            assertEquals(expected.get(i).wallTime(), found.get(i).wallTime(), WALL, context);
        }
        assertTrue(found.size() > 10, context + ": " + found.size() + " points");
    }

    private static Path file(Path folder) throws IOException {
        try (var files = Files.list(folder.resolve("tensorboard"))) {
            List<Path> all = files.toList();
            assertEquals(1, all.size(), "one event file: " + all);
            assertTrue(all.getFirst().getFileName().toString().contains("tfevents"), "the name TensorBoard looks for");
            return all.getFirst();
        }
    }

    // --- a reader of its own ---------------------------------------------------------------------------------------

    private static List<Point> points(Path folder) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(file(folder))).order(ByteOrder.LITTLE_ENDIAN);
        Descriptor event = event();
        List<Point> points = new ArrayList<>();
        for (boolean first = true; file.hasRemaining(); first = false) {
            byte[] head = new byte[8];
            file.get(file.position(), head);
            long length = file.getLong();
            assertEquals(masked(crc32c(head)), file.getInt(), "checksum of a length");
            byte[] data = new byte[(int) length];
            file.get(data);
            assertEquals(masked(crc32c(data)), file.getInt(), "checksum of a record");
            DynamicMessage message = DynamicMessage.parseFrom(event, data);
            assertTrue(message.getUnknownFields().asMap().isEmpty(), "unknown fields: " + message);
            if (first) {
                assertEquals("brain.Event:2", message.getField(event.findFieldByName("file_version")));
                assertArrayEquals(new int[] {1, 3}, message.getAllFields().keySet().stream()
                        .mapToInt(field -> field.getNumber()).toArray(), "fields of the first event");
            } else {
                read(message, event, points);
            }
        }
        return points;
    }

    private static void read(DynamicMessage message, Descriptor event, List<Point> to) {
        DynamicMessage summary = (DynamicMessage) message.getField(event.findFieldByName("summary"));
        Descriptor of = summary.getDescriptorForType();
        for (Object one : (List<?>) summary.getField(of.findFieldByName("value"))) {
            DynamicMessage value = (DynamicMessage) one;
            Descriptor fields = value.getDescriptorForType();
            assertTrue(value.getUnknownFields().asMap().isEmpty(), "unknown fields: " + value);
            to.add(new Point((String) value.getField(fields.findFieldByName("tag")),
                    (long) message.getField(event.findFieldByName("step")),
                    (float) value.getField(fields.findFieldByName("simple_value")),
                    (double) message.getField(event.findFieldByName("wall_time"))));
        }
    }

    /** CRC-32C, bit by bit: the reflected polynomial 0x82f63b78 (RFC 3720). */
    private static int crc32c(byte[] bytes) {
        int crc = -1;
        for (byte b : bytes) {
            crc ^= b & 0xff;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0x82f63b78;
            }
        }
        return ~crc;
    }

    private static int masked(int crc) {
        return (crc >>> 15 | crc << 17) + 0xa282ead8;
    }

    /** {@code Event}, {@code Summary} and {@code Summary.Value} as far as scalars need them. */
    private static Descriptor event() {
        DescriptorProto value =
                DescriptorProto.newBuilder().setName("Value").addField(field("tag", 1, Type.TYPE_STRING))
                        .addField(field("simple_value", 2, Type.TYPE_FLOAT)).build();
        DescriptorProto summary = DescriptorProto.newBuilder().setName("Summary").addNestedType(value)
                .addField(field("value", 1, Type.TYPE_MESSAGE).toBuilder().setLabel(Label.LABEL_REPEATED)
                        .setTypeName(".tensorflow.Summary.Value"))
                .build();
        DescriptorProto event = DescriptorProto.newBuilder().setName("Event")
                .addField(field("wall_time", 1, Type.TYPE_DOUBLE)).addField(field("step", 2, Type.TYPE_INT64))
                .addField(field("file_version", 3, Type.TYPE_STRING))
                .addField(field("summary", 5, Type.TYPE_MESSAGE).toBuilder().setTypeName(".tensorflow.Summary"))
                .build();
        try {
            return FileDescriptor.buildFrom(FileDescriptorProto.newBuilder().setName("event.proto")
                    .setPackage("tensorflow").setSyntax("proto3").addMessageType(summary).addMessageType(event).build(),
                    new FileDescriptor[0]).findMessageTypeByName("Event");
        } catch (com.google.protobuf.Descriptors.DescriptorValidationException e) {
            throw new AssertionError("the descriptors of the test are wrong", e);
        }
    }

    private static FieldDescriptorProto field(String name, int number, Type type) {
        return FieldDescriptorProto.newBuilder().setName(name).setNumber(number).setType(type)
                .setLabel(Label.LABEL_OPTIONAL).build();
    }
}

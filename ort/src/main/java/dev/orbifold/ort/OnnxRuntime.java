package dev.orbifold.ort;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.GraphException;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.TensorData;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A Graph loaded into ONNX Runtime on the CPU: the {@link Evaluator} that shares no code with the engine that trains.
 * Not safe for use by several threads at once.
 */
public final class OnnxRuntime implements Evaluator {
    private final OrtSession session;

    private OnnxRuntime(OrtSession session) {
        this.session = session;
    }

    /**
     * Loads a Graph, using all cores.
     *
     * @throws GraphException if ONNX Runtime refuses the Graph
     */
    public static OnnxRuntime open(Graph graph) {
        return open(graph, Runtime.getRuntime().availableProcessors());
    }

    /**
     * Loads a Graph.
     *
     * @param threads how many threads one run may use
     * @throws GraphException if ONNX Runtime refuses the Graph
     */
    public static OnnxRuntime open(Graph graph, int threads) {
        byte[] bytes = OnnxFile.bytes(graph);
        return load(threads, options -> environment().createSession(bytes, options));
    }

    /**
     * Loads a model file, with its external data beside it.
     *
     * @param threads how many threads one run may use
     * @throws GraphException if ONNX Runtime refuses the file
     */
    public static OnnxRuntime open(Path file, int threads) {
        return load(threads, options -> environment().createSession(file.toString(), options));
    }

    /** Loads ONNX Runtime's library, which takes a while the first time; {@code open} would do it too. */
    public static void load() {
        environment();
    }

    /** The version of ONNX Runtime, as its jar says. */
    public static String version() {
        String version = OrtEnvironment.class.getPackage().getImplementationVersion();
        return version == null ? "unknown" : version;
    }

    /** A factory that gives every Evaluator the same number of threads, and loads what has variants once for all. */
    public static Evaluator.Factory factory(int threads) {
        return new Evaluator.Factory() {
            @Override
            public Evaluator open(Graph graph) {
                return OnnxRuntime.open(graph, threads);
            }

            @Override
            public Evaluator.Variants variants(Graph graph) {
                return new OnnxRuntimeVariants(graph, threads);
            }
        };
    }

    @FunctionalInterface
    private interface Opening {
        OrtSession open(OrtSession.SessionOptions options) throws OrtException;
    }

    private static OnnxRuntime load(int threads, Opening opening) {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(threads);
            options.setInterOpNumThreads(1);
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
            // Waiting threads must not spin: training and ONNX Runtime share the cores.
            options.addConfigEntry("session.intra_op.allow_spinning", "0");
            return new OnnxRuntime(opening.open(options));
        } catch (OrtException e) {
            throw new GraphException("ONNX Runtime refuses the model: " + firstLine(e), e);
        }
    }

    private static OrtEnvironment environment() {
        return OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
    }

    private static String firstLine(OrtException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
    }

    @Override
    public Map<String, TensorData> run(Map<String, TensorData> inputs) {
        Map<String, OnnxTensor> fed = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, NodeInfo> input : session.getInputInfo().entrySet()) {
                TensorData data = inputs.get(input.getKey());
                if (data == null) {
                    throw new GraphException(
                            "no value given for input " + input.getKey() + "; given: " + inputs.keySet());
                }
                fed.put(input.getKey(), tensor(data));
            }
            try (OrtSession.Result result = session.run(fed)) {
                Map<String, TensorData> outputs = new LinkedHashMap<>();
                for (Map.Entry<String, OnnxValue> output : result) {
                    outputs.put(output.getKey(), data(output.getKey(), output.getValue()));
                }
                return outputs;
            }
        } catch (OrtException e) {
            throw new GraphException("ONNX Runtime cannot run the model: " + firstLine(e), e);
        } finally {
            fed.values().forEach(OnnxTensor::close);
        }
    }

    /** A tensor for ONNX Runtime; elements outside the heap are used where they are, and must stay until it is closed. */
    private static OnnxTensor tensor(TensorData data) throws OrtException {
        int size = Math.toIntExact(data.bytes().byteSize());
        ByteBuffer buffer;
        if (data.bytes().isNative()) {
            buffer = data.bytes().asByteBuffer().order(ByteOrder.nativeOrder());
        } else {
            buffer = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
            MemorySegment.ofBuffer(buffer).copyFrom(data.bytes());
        }
        return OnnxTensor.createTensor(environment(), buffer, data.dims(), javaType(data.type()));
    }

    private static OnnxJavaType javaType(DataType type) {
        return switch (type) {
            case FLOAT -> OnnxJavaType.FLOAT;
            case DOUBLE -> OnnxJavaType.DOUBLE;
            case FLOAT16 -> OnnxJavaType.FLOAT16;
            case BFLOAT16 -> OnnxJavaType.BFLOAT16;
            case INT64 -> OnnxJavaType.INT64;
            case INT32 -> OnnxJavaType.INT32;
            case INT16 -> OnnxJavaType.INT16;
            case INT8 -> OnnxJavaType.INT8;
            case UINT8 -> OnnxJavaType.UINT8;
            case BOOL -> OnnxJavaType.BOOL;
            default -> throw new GraphException("tensors of type " + type + " cannot be fed to ONNX Runtime from here");
        };
    }

    private static DataType dataType(String name, OnnxJavaType type) {
        return switch (type) {
            case FLOAT -> DataType.FLOAT;
            case DOUBLE -> DataType.DOUBLE;
            case FLOAT16 -> DataType.FLOAT16;
            case BFLOAT16 -> DataType.BFLOAT16;
            case INT64 -> DataType.INT64;
            case INT32 -> DataType.INT32;
            case INT16 -> DataType.INT16;
            case INT8 -> DataType.INT8;
            case UINT8 -> DataType.UINT8;
            case BOOL -> DataType.BOOL;
            default -> throw new GraphException("output " + name + " has type " + type + ", which is not supported");
        };
    }

    private static TensorData data(String name, OnnxValue value) {
        if (!(value instanceof OnnxTensor tensor)) {
            throw new GraphException("output " + name + " is not a tensor but " + value.getType());
        }
        TensorInfo info = tensor.getInfo();
        DataType type = dataType(name, info.type);
        ByteBuffer buffer = tensor.getByteBuffer();
        MemorySegment copy = MemorySegment.ofArray(new byte[buffer.remaining()]);
        copy.copyFrom(MemorySegment.ofBuffer(buffer));
        return new TensorData(type, info.getShape(), copy);
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw new GraphException("ONNX Runtime cannot close the model: " + firstLine(e), e);
        }
    }
}

package dev.orbifold.symmetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.Layers.Form;
import dev.orbifold.symmetry.Layers.Fused;
import dev.orbifold.symmetry.Layers.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Norms over the head dimension of queries and keys: what they leave of the maps between the two depends on their scales. */
class QueryKeyNormsTest {
    /** What float32 may lose on the way through a network whose weights were mixed, as a share of the output's range. */
    private static final double ROUNDING = 1e-4;

    /** How the two scales relate. */
    enum Scale {
        /** One number each. */
        UNIFORM,
        /** One number for the product alone. */
        INVERSE,
        /** Equal for the two coordinates of a plane. */
        PLANES,
        /** All different. */
        DIFFERENT
    }

    static Stream<Arguments> cases() {
        List<Arguments> all = new ArrayList<>();
        for (Scale scale : Scale.values()) {
            for (Turn turn : List.of(Turn.NONE, Turn.SPELLED, Turn.EVERY)) {
                for (String norm : List.of("rms", "layer", "layer with shift")) {
                    for (boolean grouped : new boolean[] {false, true}) {
                        all.add(Arguments.of(scale, turn, norm, grouped));
                    }
                }
            }
        }
        return all.stream();
    }

    private static List<String> expected(Layers on, Scale scale, Turn turn, String norm) {
        String value = "General(" + on.size + ")x" + on.groups;
        boolean passes = scale == Scale.UNIFORM || (turn == Turn.NONE ? scale == Scale.INVERSE : scale == Scale.PLANES);
        boolean none = !passes || turn != Turn.NONE && !norm.equals("rms");
        String planes = "Rotation(2)x" + on.groups * on.size / 2;
        String whole = norm.equals("rms") ? "Orthogonal(" + on.size + ")x" + on.groups
                : "OrthogonalFixingOnes(" + on.size + ")x" + (norm.equals("layer") ? on.groups : 1);
        return none ? List.of(value) : Stream.of(value, turn == Turn.NONE ? whole : planes).sorted().toList();
    }

    @ParameterizedTest(name = "{0} scales, turned {1}, {2}, grouped {3}") @MethodSource("cases")
    void theScalesDecideWhatIsMixed(Scale scale, Turn turn, String norm, boolean grouped) {
        for (int number = 0; number < 3; number++) {
            Layers on = new Layers(new Seed(number), grouped, false);
            float[] queries = new float[on.size];
            float[] keys = new float[on.size];
            for (int i = 0; i < on.size; i++) {
                int plane = turn == Turn.EVERY ? i / 2 : i % (on.size / 2);
                queries[i] = switch (scale) {
                    case UNIFORM -> 0.75f;
                    case PLANES -> 1 + 0.3f * plane;
                    default -> 1 + 0.3f * i;
                };
                keys[i] = switch (scale) {
                    case UNIFORM -> 1.25f;
                    case INVERSE -> 2 / queries[i];
                    case PLANES -> 2 - 0.2f * plane;
                    default -> 2 - 0.2f * i;
                };
            }
            boolean spelled = number != 1;
            on.normalizing(x -> normalized(on, "q", x, queries, norm, spelled),
                    x -> normalized(on, "k", x, keys, norm, spelled));
            String x = on.net.node("Gather",
                    List.of(on.net.weight("embedding", 11, on.width), on.net.tokens("tokens", on.length)), "axis", 0);
            String seen = on.attention(x, Fused.APART, turn, Form.SPELLED, "", false);
            Graph graph = on.net.graph(on.net.apply("Tanh", on.add(x, seen)));

            LinearSymmetries found = LinearSymmetries.of(graph);

            assertEquals(expected(on, scale, turn, norm), LinearVariantsTest.spaces(found), "seed " + number);
            boolean apart = found.findings().stream().anyMatch(f -> f.kind().equals("scale-not-folded"));
            boolean hindered = found.spaces().size() == 1 && (turn == Turn.NONE || norm.equals("rms"));
            assertEquals(hindered, apart, found.findings()::toString);
            double error = LinearSymmetriesTest.error(graph, found.spaces(), new Seed(number));
            assertTrue(error <= ROUNDING, () -> "error " + error);
            Verified verified = Verified.of(graph, OnnxRuntime::open, 2, new Seed(number));
            assertEquals(List.of(),
                    verified.findings().stream().filter(f -> f.severity() != Finding.Severity.INFO).toList());
        }
    }

    private static String normalized(Layers on, String name, String x, float[] scale, String norm, boolean spelled) {
        String weight = on.net.floats(scale, on.size);
        if (norm.equals("layer")) {
            return on.net.node("LayerNormalization", List.of(x, weight), "axis", -1);
        }
        return on.norm(x, weight, norm.equals("rms") ? "" : on.net.weight(name + "_norm.bias", on.size), spelled);
    }
}

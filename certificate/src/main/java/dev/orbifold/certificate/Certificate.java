package dev.orbifold.certificate;

import dev.orbifold.graph.Finding;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Verified;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Whether all continuous symmetries of a Graph were found, on data. The null space of J = ∂(outputs on data)/∂θ holds every
 * direction that changes no output at first order; the functional dimension is the rank of J (Grigsby, Lindsey, Rolnick
 * 2023). The tangents of everything found, and of everything that data leaves undetermined, must span it; what is left is
 * unexplained.
 *
 * @param parameters the number of trainable parameter elements; running statistics are not among them
 * @param functionalDimension the rank of J
 * @param explained per cause, in order, the null directions it adds to those of the causes before it
 * @param unexplained null directions without a cause
 * @param conserved independent conserved quantities of gradient flow: Noether charges of the Groups, for inputs in general
 * @param largestZero the largest singular value of J that counts as zero, as a share of the largest of all
 * @param smallestNonZero the smallest that does not count as zero, as a share of the largest
 * @param samples how many samples the outputs were taken on
 * @param remainder an orthonormal basis of the unexplained directions
 * @param findings what a reader should know about the numbers
 */
public record Certificate(int parameters, int functionalDimension, Map<Cause, Integer> explained, int unexplained,
        int conserved, double largestZero, double smallestNonZero, int samples, List<Direction> remainder,
        List<Finding> findings) {
    /**
     * A direction of parameter space.
     *
     * @param parts its entries by parameter, in the parameter's shape
     * @param largest the parameters with the largest shares of its squared length, largest first
     */
    public record Direction(Map<String, TensorData> parts, Map<String, Double> largest) {
    }

    /** Copies the collections. */
    public Certificate {
        explained = new EnumMap<>(explained);
        remainder = List.copyOf(remainder);
        findings = List.copyOf(findings);
    }

    /** How many null directions there are. */
    public int nullity() {
        return parameters - functionalDimension;
    }

    /** How many null directions have a cause. */
    public int explainedTotal() {
        return explained.values().stream().mapToInt(Integer::intValue).sum();
    }

    /**
     * Makes one.
     *
     * @param verified the symmetries; their Graph is the one that is certified
     * @param inputs the data; as much is taken as is needed for the outputs to outnumber the parameters
     * @param progress is told what is done next, in a few words; of nothing before the Graph is known not to be too large
     * @throws CertificateException if the Graph has no trainable parameters or is too large
     * @throws dev.orbifold.engine.EngineException if the engine cannot run the Graph
     */
    public static Certificate of(Verified verified, Inputs inputs, Seed seed, Consumer<String> progress) {
        Theta theta = Certifier.theta(verified);
        progress.accept("drawing inputs for " + theta.size() + " parameters");
        return new Certifier(verified, theta,
                Certifier.batches(verified.units().graph(), theta, inputs, Certifier.FORMED), seed, Certifier.FORMED,
                progress).run();
    }

    /**
     * Makes one on random inputs.
     *
     * @throws CertificateException if the Graph has no trainable parameters or is too large
     * @throws dev.orbifold.engine.EngineException if the engine cannot run the Graph
     */
    public static Certificate of(Verified verified, Seed seed) {
        return of(verified, new Inputs.Random(verified.units().graph(), verified.units().shapes(),
                seed.split("inputs")), seed, said -> {
                });
    }
}

package dev.orbifold.train;

import dev.orbifold.constraint.Gates;
import dev.orbifold.constraint.Gating;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * The network as it stands between two removals: the Graph, the Student that trains it, and, while units are still being
 * given up, the gates and their steering.
 */
final class Stage implements AutoCloseable {
    private final Student student;
    private final Optional<Steered> steered;

    Stage(Student student, Optional<Steered> steered) {
        this.student = student;
        this.steered = steered;
    }

    Student student() {
        return student;
    }

    Optional<Steered> steered() {
        return steered;
    }

    Optional<Gates> gates() {
        return steered.map(Steered::gates);
    }

    /** The Graph with the present weights, and every gate folded into them. */
    Graph folded() {
        Graph graph = student.weights().writeBack(student.graph());
        return steered.map(s -> graph.withParameters(
                Gating.fold(s.layout(), graph.parameters(), s.gates().products()))).orElse(graph);
    }

    /** The optimizer's momenta, one Graph each, in the place of the weights; what is not trained stays as it is. */
    List<Graph> momenta() {
        return student.optimizer().moments().stream().map(m -> {
            Map<String, TensorData> parts = student.weights().split(m);
            return student.graph().replacing(parts);
        }).toList();
    }

    /** Takes over momenta that were cut to this Graph's shape. */
    void inheritMomenta(List<Graph> momenta, long steps) {
        List<Tensor> own = student.optimizer().moments();
        for (int i = 0; i < own.size(); i++) {
            student.weights().join(momenta.get(i).parameters(), own.get(i));
        }
        student.optimizer().steps(steps);
    }

    @Override
    public void close() {
        student.close();
    }
}

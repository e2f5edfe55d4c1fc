package dev.orbifold.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the values of an experiment are values of. */
class ExperimentPlotTest {
    @ParameterizedTest @CsvSource(delimiter = '|', value = {
            "optimizer: {rate: 0.1}|{name: a, values: [1], optimizer: {weight-decay: $}}|optimizer.weight-decay",
            "network: {variational: [4, 2], beta: $}|{name: a, values: [1]}|network.beta",
            "epochs: 1|{name: a, values: [1], constraints: [{sparse: units, lambda: $}]}|constraints.lambda",
            "epochs: 1|{name: a, values: [1], batch-size: $}, {name: b, values: [2], epochs: $}|batch-size or epochs",
            "batch-size: $|{name: a, values: [1], batch-size: 3, epochs: $}|epochs", "epochs: 1|{name: a}|''"})
    void valuesHaveTheNameOfWhereTheyStand(String shared, String series, String name) {
        Experiment experiment =
                Experiment.of("recipe.yaml", shared + "\nseries: [" + series + "]\n").orElseThrow();
        assertEquals(name, experiment.plot().value());
    }
}

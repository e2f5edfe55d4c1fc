package dev.orbifold.constraint;

/** The fused update of factors in the Vector API; what does not fill a vector is left to plain Java. */
final class VectorFactorUpdate implements FactorUpdate {
    private final ScalarFactorUpdate tail = new ScalarFactorUpdate();

    @Override
    public void sgd(Memory memory, long from, long to, float rate, float momentum, boolean nesterov, float decay,
            float scale, float zero) {
        long done = VectorMomentum.pass(memory, from, to, rate, momentum, nesterov, decay, scale, zero);
        tail.sgd(memory, done, to, rate, momentum, nesterov, decay, scale, zero);
    }

    @Override
    public void adam(Memory memory, long from, long to, float step, float beta1, float beta2, float epsilon,
            float decay, float scale, float zero) {
        long done = VectorAdam.pass(memory, from, to, step, beta1, beta2, epsilon, decay, scale, zero);
        tail.adam(memory, done, to, step, beta1, beta2, epsilon, decay, scale, zero);
    }
}

package dev.orbifold.constraint;

import org.bytedeco.pytorch.Scalar;

/** Numbers that loops would make again and again. */
final class Scalars {
    static final Scalar ZERO = lasting(0);
    static final Scalar ONE = lasting(1);
    static final Scalar TWO = lasting(2);

    private Scalars() {
    }

    private static Scalar lasting(double value) {
        dev.orbifold.engine.Natives.load();
        Scalar scalar = new Scalar(value);
        scalar.retainReference();
        return scalar;
    }
}

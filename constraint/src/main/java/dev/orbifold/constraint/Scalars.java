package dev.orbifold.constraint;

import dev.orbifold.engine.Natives;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;

/** Numbers that loops would make again and again. */
final class Scalars {
    static final Scalar ZERO = lasting(0);
    static final Scalar ONE = lasting(1);
    static final Scalar TWO = lasting(2);

    private Scalars() {
    }

    private static Scalar lasting(double value) {
        Natives.load();
        // In a scope of its own: the one around the first use may be deallocated with all that is in it.
        try (PointerScope own = new PointerScope()) {
            Scalar scalar = new Scalar(value);
            scalar.retainReference();
            return scalar;
        }
    }
}

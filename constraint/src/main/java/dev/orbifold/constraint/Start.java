package dev.orbifold.constraint;

import java.util.Optional;

/** How the factors begin. */
public sealed interface Start {
    /** Factors of equal size whose product is what the weights are; signs stay as they are. */
    record Balanced() implements Start {
    }

    /**
     * Factors whose product is what the weights are, out of balance, so that signs can change.
     *
     * @param excess all factors but one are the D-th root of |z| and this, above 0; empty for the root mean square of z.
     *        With 1 small weights move at first as fast as without factors
     */
    record Free(Optional<Double> excess) implements Start {
        /** Checks the excess. */
        public Free {
            excess.filter(e -> !(e > 0 && Double.isFinite(e))).ifPresent(e -> {
                throw new ConstraintException("a free start needs an excess above 0, found " + e);
            });
        }

        /** An excess of the root mean square of z. */
        public Free() {
            this(Optional.empty());
        }
    }

    /** The scheme's published start from random weights. */
    record Published() implements Start {
    }

    /**
     * Two factors with m² − w² = β (PILoT).
     *
     * @param beta β, above 0
     */
    record Shifted(double beta) implements Start {
        /** Checks β. */
        public Shifted {
            if (!(beta > 0)) {
                throw new ConstraintException("PILoT needs β above 0, found " + beta);
            }
        }
    }
}

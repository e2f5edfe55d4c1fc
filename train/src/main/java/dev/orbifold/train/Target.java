package dev.orbifold.train;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** What compression has to reach. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME,
        property = "what") @JsonSubTypes({@JsonSubTypes.Type(value = Target.Speedup.class, name = "speedup"),
                @JsonSubTypes.Type(value = Target.Keep.class, name = "keep"),
                @JsonSubTypes.Type(value = Target.MaxDrop.class, name = "max-drop")})
public sealed interface Target {
    /**
     * At most 1/factor of the multiply-adds.
     *
     * @param factor how many times fewer, above 1
     */
    record Speedup(double factor) implements Target {
        /** Checks the factor. */
        public Speedup {
            if (!(factor > 1) || Double.isInfinite(factor)) {
                throw new TrainException("--speedup must be a number above 1, found " + factor);
            }
        }
    }

    /**
     * At most this share of the parameters.
     *
     * @param share above 0 and below 1
     */
    record Keep(double share) implements Target {
        /** Checks the share. */
        public Keep {
            if (!(share > 0 && share < 1)) {
                throw new TrainException("--keep must lie between 0 and 1, found " + share);
            }
        }
    }

    /**
     * As few multiply-adds as the accuracy allows.
     *
     * @param points how many accuracy points below the model's own are allowed, not negative
     */
    record MaxDrop(double points) implements Target {
        /** Checks the points. */
        public MaxDrop {
            if (!(points >= 0 && points < 100)) {
                throw new TrainException("--max-drop must be accuracy points between 0 and 100, found " + points);
            }
        }
    }

    /** The kind as reports name it. */
    default String kind() {
        return switch (this) {
            case Speedup s -> "speedup";
            case Keep k -> "keep";
            case MaxDrop d -> "max-drop";
        };
    }

    /** The number that goes with the kind. */
    default double value() {
        return switch (this) {
            case Speedup s -> s.factor();
            case Keep k -> k.share();
            case MaxDrop d -> d.points();
        };
    }
}

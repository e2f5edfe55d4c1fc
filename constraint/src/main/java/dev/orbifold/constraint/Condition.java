package dev.orbifold.constraint;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;

/** What a constraint takes to zero: which O of Oᵀw = 0, and which of its columns go together (theory, 1, DCS). */
public sealed interface Condition {
    /** What goes to zero, or becomes equal, in a few words. */
    default String words() {
        return switch (this) {
            case Elements e -> "single weights";
            case Pattern p -> p.kept() + ":" + p.of() + " pattern";
            case Slices s -> s.by().name().toLowerCase(java.util.Locale.ROOT);
            case Blocks b -> "blocks of " + b.units() + " × " + b.inputs();
            case Sets s -> "listed groups";
            case Rank r -> r.most() == 1 ? "rank" : "rank, at most " + percent(r.most());
            case TuckerRank t -> "multilinear rank";
            case Ties.Listed l -> "equal in classes";
            case Ties.Pairs p -> "units equal in pairs";
            case Ties.Mirrored m -> "left-right symmetric";
            case Ties.Circulant c -> "circulant";
            case Ties.Toeplitz t -> "constant diagonals";
            case Ties.Symmetric s -> "symmetric matrix";
            case Ties.Shared s -> "equal parameters";
            case ZeroSums z -> "sums of inputs";
            case Pieces p -> "differences of neighbours";
            case Matrix m -> "Oᵀw of a file";
            case Units u -> "units";
            case Clones c -> "units equal in pairs";
            case PairRanks p -> "rank of a product";
        };
    }

    private static String percent(double share) {
        return new BigDecimal(100 * share, new MathContext(4)).stripTrailingZeros().toPlainString() + " %";
    }

    /** Single entries: unstructured sparsity. */
    record Elements() implements Condition {
    }

    /**
     * At least M − N of every M consecutive entries along the inputs.
     *
     * @param kept N, at least 1
     * @param of M, above N
     */
    record Pattern(int kept, int of) implements Condition {
        /** Checks the numbers. */
        public Pattern {
            if (kept < 1 || of <= kept) {
                throw new ConstraintException("a pattern N:M keeps N of M, 0 < N < M; found " + kept + ":" + of);
            }
        }
    }

    /** Slices of a Parameter along an axis. */
    enum Slice {
        /** All weights that write one unit or channel. */
        UNITS,
        /** All weights that read one input feature or channel. */
        INPUTS,
        /** The kernel between one input channel and one output channel. */
        KERNELS
    }

    /**
     * Slices.
     *
     * @param by which
     */
    record Slices(Slice by) implements Condition {
    }

    /**
     * Blocks of a matrix, units by inputs.
     *
     * @param units height of a block
     * @param inputs width of a block
     */
    record Blocks(int units, int inputs) implements Condition {
        /** Checks the sizes. */
        public Blocks {
            if (units < 1 || inputs < 1) {
                throw new ConstraintException("a block needs at least one unit and one input, found " + units + " × "
                        + inputs);
            }
        }
    }

    /** Groups by list: per entry of the Parameters, one after the other, its group, or −1 for none. */
    record Sets(int[] group) implements Condition {
    }

    /**
     * Singular values, of the Parameter as a matrix units × everything else; several Parameters of one shape are a stack.
     *
     * @param most the largest share of min(rows, columns) that the rank may have: the inner dimension that is trained
     */
    record Rank(double most) implements Condition {
        /** Checks the share. */
        public Rank {
            if (!(most > 0 && most <= 1)) {
                throw new ConstraintException("the share of the full rank must lie above 0 and at most at 1, found "
                        + most);
            }
        }
    }

    /**
     * Slices of the core of a Tucker form.
     *
     * @param most the largest share of each axis that its rank may have
     * @param layers matrices for each axis, 1 to 4
     */
    record TuckerRank(double most, int layers) implements Condition {
        /** Checks the numbers. */
        public TuckerRank {
            if (!(most > 0 && most <= 1)) {
                throw new ConstraintException(
                        "the share of each axis must lie above 0 and at most at 1, found " + most);
            }
            if (layers < 1 || layers > Depths.MOST) {
                throw new ConstraintException("a Tucker axis takes 1 to 4 matrices, asked for " + layers);
            }
        }
    }

    /** What differs between entries that are to be equal. */
    sealed interface Ties extends Condition {
        /**
         * Classes by list: per entry of the Parameters, its class, or −1 for none.
         */
        record Listed(int[] classes) implements Ties {
        }

        /**
         * Units 0 and 1, 2 and 3, … say the same.
         *
         * @param share of all units that are paired
         */
        record Pairs(double share) implements Ties {
            /** Checks the share. */
            public Pairs {
                if (!(share > 0 && share <= 1)) {
                    throw new ConstraintException("the share of paired units must lie above 0 and at most at 1, found "
                            + share);
                }
            }
        }

        /**
         * Every unit's inputs, seen as an image, are left-right symmetric.
         *
         * @param height of the image
         * @param width of the image
         */
        record Mirrored(int height, int width) implements Ties {
        }

        /** A square matrix is the same after moving both indices by one, around the end. */
        record Circulant() implements Ties {
        }

        /** A matrix is constant along its diagonals. */
        record Toeplitz() implements Ties {
        }

        /** A square matrix is its own transpose. */
        record Symmetric() implements Ties {
        }

        /** Several Parameters of one shape hold the same numbers. */
        record Shared() implements Ties {
        }
    }

    /** The sum of every unit's inputs. */
    record ZeroSums() implements Condition {
    }

    /**
     * Differences of neighbours: every unit's inputs are constant in pieces.
     *
     * @param run how many consecutive inputs form a row; 0 for all of them
     */
    record Pieces(int run) implements Condition {
    }

    /**
     * Any O.
     *
     * @param columns its columns, orthonormalised
     * @param together whether all of Oᵀw goes at once, or each coordinate for itself
     */
    record Matrix(Columns columns, boolean together) implements Condition {
    }

    /**
     * The units of Spaces: everything that writes one, in every Parameter.
     *
     * @param spaces names or globs
     */
    record Units(List<String> spaces) implements Condition {
        /** Copies the list. */
        public Units {
            spaces = List.copyOf(spaces);
        }
    }

    /**
     * Clones of units of Spaces: units 0 and 1, 2 and 3, … become identical in everything that writes them.
     *
     * @param spaces names or globs
     * @param share of all units that are paired
     */
    record Clones(List<String> spaces, double share) implements Condition {
        /** Copies the list. */
        public Clones {
            spaces = List.copyOf(spaces);
        }
    }

    /**
     * The rank of products that the network itself multiplies, query by key or value by output: coordinates of Spaces whose
     * coordinates mix.
     *
     * @param spaces names or globs
     */
    record PairRanks(List<String> spaces) implements Condition {
        /** Copies the list. */
        public PairRanks {
            spaces = List.copyOf(spaces);
        }
    }
}

package dev.orbifold.engine;

/** What a model is to answer, item by item. */
public sealed interface Targets {
    /** How many items have targets. */
    int size();

    /** The number of classes or token ids; 0 for numbers. */
    int classes();

    /**
     * One class per item.
     *
     * @param labels the class of each item, from 0
     * @param classes how many classes the data set has
     * @param source the file, for messages
     * @param firstRow what the file numbers the first item
     */
    record Classes(int[] labels, int classes, String source, int firstRow) implements Targets {
        @Override
        public int size() {
            return labels.length;
        }
    }

    /**
     * One row of numbers per item.
     *
     * @param values row after row
     * @param size the number of rows
     * @param width numbers per row
     */
    record Rows(float[] values, int size, int width) implements Targets {
        @Override
        public int classes() {
            return 0;
        }
    }

    /**
     * The numbers of the item itself, which is to be reconstructed.
     *
     * @param size the number of items
     * @param width numbers per item
     */
    record Same(int size, int width) implements Targets {
        @Override
        public int classes() {
            return 0;
        }
    }

    /**
     * One row of token ids per item.
     *
     * @param values row after row
     * @param size the number of rows
     * @param width tokens per row
     * @param classes one more than the largest id
     * @param source the file, for messages
     */
    record Tokens(long[] values, int size, int width, int classes, String source) implements Targets {
    }

    /**
     * The tokens of a text one place further than the item's own.
     *
     * @param size the number of windows
     * @param width tokens per window
     * @param classes the size of the vocabulary
     * @param source the file, for messages
     */
    record Next(int size, int width, int classes, String source) implements Targets {
    }
}

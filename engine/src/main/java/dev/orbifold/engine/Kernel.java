package dev.orbifold.engine;

/** One node of a {@link Program}, everything about it that does not depend on the data already resolved. */
@FunctionalInterface
interface Kernel {
    /** Reads the node's inputs from the frame and puts its outputs there. */
    void run(Frame frame);

    /** Makes the Kernel of a node. */
    @FunctionalInterface
    interface Factory {
        /**
         * Resolves attributes, constants and slots.
         *
         * @throws Site.Unsupported if the engine lacks this use of the operator
         */
        Kernel compile(Site site);
    }
}

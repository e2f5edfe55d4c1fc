package dev.orbifold.engine;

import java.util.List;

/** A Graph has operators, or uses of them, that the engine lacks; all of them are named at once. */
public class UnsupportedOperatorsException extends EngineException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> operators;

    /**
     * Creates the exception.
     *
     * @param operators one line per node: its label and what is not supported about it
     */
    public UnsupportedOperatorsException(List<String> operators) {
        super("the engine cannot run " + operators.size() + (operators.size() == 1 ? " node" : " nodes")
                + " of this graph: "
                + String.join("; ", operators));
        this.operators = List.copyOf(operators);
    }

    /** One line per node that cannot run: its label and why. */
    public List<String> operators() {
        return operators;
    }
}

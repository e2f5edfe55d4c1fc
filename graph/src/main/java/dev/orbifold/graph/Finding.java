package dev.orbifold.graph;

/**
 * Something the user should know.
 *
 * @param severity how much it matters
 * @param kind a stable identifier such as {@code operator-without-rule}, for programs
 * @param place the node, value, parameter or Space it is about
 * @param message one sentence: what was found, and what to do about it
 */
public record Finding(Severity severity, String kind, String place, String message) {
    /** How much a Finding matters. */
    public enum Severity {
        /** Good to know. */
        INFO,
        /** Limits what Orbifold can do, or may surprise. */
        WARNING,
        /** A defect: of the model, or of Orbifold. */
        ERROR
    }
}

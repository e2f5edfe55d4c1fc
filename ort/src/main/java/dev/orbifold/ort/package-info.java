/** Runs a Graph in ONNX Runtime, the independent witness of every claim. */
@NullMarked
package dev.orbifold.ort;

import org.jspecify.annotations.NullMarked;

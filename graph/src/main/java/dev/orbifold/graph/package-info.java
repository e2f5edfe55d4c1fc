/** What a network is: ONNX in and out, shapes, constant folding, safetensors and npz. */
@NullMarked
package dev.orbifold.graph;

import org.jspecify.annotations.NullMarked;

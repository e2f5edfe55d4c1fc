/** How a Graph runs and differentiates on libtorch; data sets, losses, optimizers. */
@NullMarked
package dev.orbifold.engine;

import org.jspecify.annotations.NullMarked;

/** The Run folder: configuration, seeds, metrics, checkpoints. */
@NullMarked
package dev.orbifold.run;

import org.jspecify.annotations.NullMarked;

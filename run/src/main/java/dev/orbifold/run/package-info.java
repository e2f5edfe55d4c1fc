/**
 * The Run folder: configuration, seeds, metrics, checkpoints.
 *
 * <p>
 * {@link dev.orbifold.run.RunFolder} is the one process that writes a Run, {@link dev.orbifold.run.RunView} anybody who
 * reads one, {@link dev.orbifold.run.Checkpoints} its durable states.
 */
@NullMarked
package dev.orbifold.run;

import org.jspecify.annotations.NullMarked;

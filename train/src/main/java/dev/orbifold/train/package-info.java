/** Training as phases: fit, constrain towards a target, fold, shrink, fine-tune; resume. */
@NullMarked
package dev.orbifold.train;

import org.jspecify.annotations.NullMarked;

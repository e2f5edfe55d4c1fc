/** The command line: wiring and nothing else. */
@NullMarked
package dev.orbifold.cli;

import org.jspecify.annotations.NullMarked;

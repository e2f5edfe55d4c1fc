/**
 * A Run in a browser while it goes on, on this machine alone.
 *
 * <p>
 * {@link dev.orbifold.watch.WatchServer} answers whoever has its token; a {@code Follower} knows how one Run stands, and
 * {@code Gate} whom to let in.
 */
@NullMarked
package dev.orbifold.watch;

import org.jspecify.annotations.NullMarked;

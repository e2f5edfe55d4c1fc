package dev.orbifold.watch;

import dev.orbifold.report.HtmlReport;
import dev.orbifold.report.LivePage;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunView;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.util.JavalinBindException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Shows a Run to a browser on this machine: one page that follows it, its report, and those of an experiment's trainings.
 *
 * <p>
 * Listens at 127.0.0.1 alone and answers only requests that carry the token, as the parameter {@code token} or as
 * {@code Authorization: Bearer}; all others, and whatever is not HTTP as it should be, get 403 and nothing else. Nothing is
 * served from files: pages are made from what the Run says. The Run is not locked and not changed.
 */
public final class WatchServer implements AutoCloseable {
    private static final String HOST = "127.0.0.1";
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    /** The Run is not in a state that can be shown. */
    private static final int CONFLICT = 409;
    private static final long LOOK_MILLIS = 500;
    private static final long LAST_SECONDS = 2;
    private static final long BEAT_NANOS = 3_000_000_000L;
    /** What the libraries say below a warning is of no use here; held, since loggers that nobody holds forget their level. */
    private static final List<Logger> LOGGERS = List.of(Logger.getLogger("org.eclipse.jetty"),
            Logger.getLogger("io.javalin"));

    /** Who warn of requests that are not HTTP as it should be, which anybody on this machine can send. */
    private static final List<Logger> PARSERS = List.of(Logger.getLogger("org.eclipse.jetty.http"),
            Logger.getLogger("org.eclipse.jetty.util.HostPort"));

    /** What every answer says, besides the policy of its page. */
    private static final Map<String, String> HEADERS = Map.of("Cache-Control", "no-store", "Referrer-Policy",
            "no-referrer", "X-Content-Type-Options", "nosniff", "X-Frame-Options", "DENY",
            "Cross-Origin-Resource-Policy", "same-origin", "Cross-Origin-Opener-Policy", "same-origin");

    private final RunView run;
    private final Gate gate = new Gate();
    private final Follower whole;
    private final Map<String, Follower> trainings = new ConcurrentHashMap<>();
    private final CountDownLatch closing = new CountDownLatch(1);
    /** Everybody who is being sent states, and who closes the server. */
    private final Phaser streams = new Phaser(1);
    private final Javalin javalin;

    private WatchServer(RunView run) {
        this.run = run;
        this.whole = new Follower(run, "");
        // Once on the side, so that what cannot be read is said now, and the first request does not wait for classes.
        whole.page();
        this.javalin = Javalin.create(this::configure);
    }

    /**
     * Begins to listen.
     *
     * @param port to listen at, or 0 for any that is free
     * @throws RunException if the Run cannot be read
     * @throws WatchException if nothing can listen at the port
     */
    public static WatchServer start(RunView run, int port) {
        WatchServer server = new WatchServer(run);
        try {
            // What it says of a failure is thrown as well.
            LOGGERS.forEach(logger -> logger.setLevel(Level.OFF));
            server.javalin.start(HOST, port);
            LOGGERS.forEach(logger -> logger.setLevel(Level.WARNING));
            PARSERS.forEach(logger -> logger.setLevel(Level.OFF));
            return server;
        } catch (JavalinBindException e) {
            server.javalin.stop();
            throw new WatchException("cannot listen at port " + port + " of " + HOST
                    + ": another program does, or it needs other rights; choose another --port, or leave it out", e);
        }
    }

    /** Where the page is, with the token. */
    public URI address() {
        return URI.create("http://" + HOST + ":" + port() + "/?token=" + gate.token());
    }

    /** The port that is listened at. */
    public int port() {
        return javalin.port();
    }

    /** What lets a request in. */
    public String token() {
        return gate.token();
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.concurrency.useVirtualThreads = true;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.jetty.modifyServer(server -> server.setErrorHandler(WatchServer::refuse));
        config.routes.before(this::admit);
        config.routes.exception(RunException.class, (problem, context) -> unreadable(context, problem));
        config.routes.get("/", context -> page(context, whole));
        config.routes.get("/report", context -> report(context, whole));
        config.routes.get("/events", context -> follow(context, whole));
        config.routes.get("/trials/{name}", context -> training(context).ifPresent(one -> page(context, one)));
        config.routes.get("/trials/{name}/report", context -> training(context).ifPresent(one -> report(context, one)));
        config.routes.get("/trials/{name}/events", context -> training(context).ifPresent(one -> follow(context, one)));
    }

    private void admit(Context context) {
        HEADERS.forEach(context::header);
        if (!gate.admits(port(), Optional.ofNullable(context.header("Host")),
                Optional.ofNullable(context.header("Origin")), Optional.ofNullable(context.queryParam("token")),
                Optional.ofNullable(context.header("Authorization")))) {
            context.status(FORBIDDEN).skipRemainingHandlers();
        }
    }

    /** The answer to what Jetty refuses by itself, before the token is looked for. */
    private static boolean refuse(Request request, Response response, Callback callback) {
        response.reset();
        response.setStatus(FORBIDDEN);
        callback.succeeded();
        return true;
    }

    /** Says in a sentence what cannot be read of the Run; the page of a browser may stay open until it can. */
    private void unreadable(Context context, RunException problem) {
        LivePage.Served page =
                LivePage.unreadable("Orbifold: " + run.path().getFileName(), String.valueOf(problem.getMessage()));
        context.status(CONFLICT).header("Content-Security-Policy", page.policy()).html(page.html());
    }

    /** The training that the path names; only what lies in the Run has a name. */
    private Optional<Follower> training(Context context) {
        String name = context.pathParam("name");
        Optional<Follower> found = run.trials().stream()
                .filter(trial -> String.valueOf(trial.path().getFileName()).equals(name)).findFirst()
                .map(trial -> trainings.computeIfAbsent(name, key -> new Follower(trial, "/trials/" + key)));
        if (found.isEmpty()) {
            context.status(NOT_FOUND).result("there is no training " + name);
        }
        return found;
    }

    private static void page(Context context, Follower follower) {
        LivePage.Served page = follower.page();
        context.header("Content-Security-Policy", page.policy());
        context.html(page.html());
    }

    private static void report(Context context, Follower follower) {
        context.header("Content-Security-Policy", "frame-ancestors 'none'; connect-src 'none'");
        context.html(HtmlReport.html(follower.run()));
    }

    /**
     * Sends every state until the browser goes or the server ends; in between a beat, so that silence means something. The
     * request is answered all that time, by a virtual thread of its own, so that a browser that reads slowly delays nobody.
     */
    private void follow(Context context, Follower follower) {
        context.contentType("text/event-stream").header("X-Accel-Buffering", "no");
        streams.register();
        HttpServletResponse out = context.res();
        try {
            long version = 0;
            long said = System.nanoTime();
            do {
                Follower.Moment moment = follower.look();
                if (moment.version() != version) {
                    send(out, "state", moment.state().json());
                    version = moment.version();
                    said = System.nanoTime();
                } else if (System.nanoTime() - said > BEAT_NANOS) {
                    send(out, "beat", "");
                    said = System.nanoTime();
                }
            } while (!closing.await(LOOK_MILLIS, TimeUnit.MILLISECONDS));
        } catch (IOException e) {
            // The browser has gone; there is nobody to tell.
            context.skipRemainingHandlers();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            streams.arriveAndDeregister();
        }
    }

    private static void send(HttpServletResponse out, String event, String line) throws IOException {
        out.getOutputStream().write(("event: " + event + "\ndata: " + line + "\n\n").getBytes(StandardCharsets.UTF_8));
        out.flushBuffer();
    }

    /** Lets go of all browsers and of the port. */
    @Override
    public void close() {
        closing.countDown();
        try {
            streams.awaitAdvanceInterruptibly(streams.arrive(), LAST_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            // A browser that does not read what it was sent is left where it is.
            LOGGERS.getLast().fine("a stream did not end in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        javalin.stop();
    }
}

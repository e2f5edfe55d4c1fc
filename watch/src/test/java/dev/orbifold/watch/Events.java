package dev.orbifold.watch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A stream of server-sent events, read as a browser reads it. */
final class Events implements AutoCloseable {
    /** Long enough for a machine that does other things. */
    private static final long SECONDS = 60;

    private static final String END = "end";

    private record Event(String name, String data) {
    }

    private final HttpClient client = HttpClient.newHttpClient();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private String last = "";

    private Events() {
    }

    static Events of(WatchServer server, String path) throws IOException, InterruptedException {
        Events events = new Events();
        var answer = events.client.send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + path + "?token=" + server.token()))
                        .header("Accept", "text/event-stream").build(),
                BodyHandlers.ofInputStream());
        if (answer.statusCode() != 200) {
            throw new AssertionError("HTTP " + answer.statusCode());
        }
        Thread.ofVirtual().start(() -> events.read(answer.body()));
        return events;
    }

    private void read(InputStream body) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            String name = "";
            StringBuilder data = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.isEmpty()) {
                    events.add(new Event(name, data.toString()));
                    data.setLength(0);
                } else if (line.startsWith("event:")) {
                    name = line.substring(6).strip();
                } else if (line.startsWith("data:")) {
                    data.append(line.substring(5).strip());
                }
            }
        } catch (IOException e) {
            // A connection that is cut ends the stream as well.
            events.add(new Event(END, new UncheckedIOException(e).toString()));
            return;
        }
        events.add(new Event(END, ""));
    }

    private Event next(String waitingFor) throws InterruptedException {
        Event event = events.poll(SECONDS, TimeUnit.SECONDS);
        if (event == null) {
            throw new AssertionError(
                    "nothing more came while waiting for " + waitingFor + "; the last state was " + last);
        }
        return event;
    }

    /** The next state that is as wanted. */
    String until(Predicate<String> wanted) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (System.nanoTime() < end) {
            Event event = next("a state");
            if (event.name().equals(END)) {
                throw new AssertionError("the stream ended: " + event.data());
            }
            if (event.name().equals("state")) {
                last = event.data();
                if (wanted.test(last)) {
                    return last;
                }
            }
        }
        throw new AssertionError("no state was as wanted; the last was " + last);
    }

    /** Waits for two beats: whatever was written before has been looked at. */
    void beat() throws InterruptedException {
        for (int beats = 0; beats < 2;) {
            Event event = next("a beat");
            if (event.name().equals("beat")) {
                beats++;
            } else if (event.name().equals(END)) {
                throw new AssertionError("the stream ended: " + event.data());
            } else {
                last = event.data();
            }
        }
    }

    String last() {
        return last;
    }

    /** Waits for the end of the stream. */
    void ended() throws InterruptedException {
        while (!next("the end").name().equals(END)) {
            continue;
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}

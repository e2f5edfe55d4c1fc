package dev.orbifold.cli;

import java.awt.Desktop;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

/** The user's browser. */
final class Browser {
    private Browser() {
    }

    /**
     * Opens an address that holds a secret. Arguments of programs can be read by everybody on a machine, so the browser is
     * given a file that leads there and that only the user can read.
     *
     * @return whether there is a browser to open
     */
    static boolean open(URI address) {
        if (!Desktop.isDesktopSupported() || !Desktop.getDesktop().isSupported(Desktop.Action.BROWSE)) {
            return false;
        }
        try {
            // Created for the user alone where the system has such rights.
            Path way = Files.createTempFile("orbifold", ".html");
            way.toFile().deleteOnExit();
            Files.writeString(way, "<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>Orbifold</title>\n"
                    + "<meta http-equiv=\"refresh\" content=\"0; url=" + address + "\">\n");
            Desktop.getDesktop().browse(way.toUri());
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}

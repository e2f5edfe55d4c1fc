package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.graph.Finding;
import java.util.List;
import org.junit.jupiter.api.Test;

class ListingTest {
    private static Finding finding(Finding.Severity severity) {
        return new Finding(severity, "kind", "place", "message");
    }

    @Test
    void notesAreCountedAndNotListed() {
        Finding info = finding(Finding.Severity.INFO);
        assertEquals("", Listing.findings(List.of()));
        assertEquals("1 further note in the report.\n", Listing.findings(List.of(info)));
        assertEquals("warning: place: message\n2 further notes in the report.\n",
                Listing.findings(List.of(info, finding(Finding.Severity.WARNING), info)));
    }
}

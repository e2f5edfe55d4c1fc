package dev.orbifold.report;

import java.util.ArrayList;
import java.util.List;

/** HTML text in the making: whatever is not a tag written here is escaped. */
final class Html {
    /** A table with more rows than this scrolls in a frame. */
    private static final int LONG = 20;

    /** Names up to this length fit everywhere. */
    private static final int UNBROKEN = 16;

    private final StringBuilder text = new StringBuilder();

    /** Opens a tag with attributes given as name, value, name, value. */
    Html open(String tag, String... attributes) {
        text.append('<').append(tag);
        for (int i = 0; i < attributes.length; i += 2) {
            text.append(' ').append(attributes[i]).append("=\"").append(escape(attributes[i + 1])).append('"');
        }
        text.append('>');
        return this;
    }

    Html close(String tag) {
        text.append("</").append(tag).append(">");
        return this;
    }

    /** A block's end, with a line break for those who read the source. */
    Html end(String tag) {
        close(tag).text.append('\n');
        return this;
    }

    Html text(String content) {
        text.append(escape(content));
        return this;
    }

    /** A tag around a text. */
    Html element(String tag, String content, String... attributes) {
        return open(tag, attributes).text(content).close(tag);
    }

    /** A tag around a name, which a narrow screen may break behind its dots, slashes and underlines. */
    Html name(String tag, String name, String... attributes) {
        open(tag, attributes);
        text.append(name.length() <= UNBROKEN ? escape(name)
                : escape(name).replaceAll("([./_])(?=[A-Za-z*])", "$1<wbr>"));
        return close(tag);
    }

    /** Another piece of HTML. */
    Html add(Html other) {
        text.append(other.text);
        return this;
    }

    /**
     * A table in a frame that scrolls sideways where the screen is narrow.
     *
     * @param caption what it shows
     * @param heads one per column; a head starting with {@code #} marks a column of numbers
     * @param rows the first cell of each names the row
     */
    Html table(String caption, List<String> heads, List<List<String>> rows, String... attributes) {
        return frame(caption, 0).bare(caption, heads, rows, attributes).end("div");
    }

    /** The same in a frame that also scrolls downwards where there are many rows. */
    Html longTable(String caption, List<String> heads, List<List<String>> rows, String... attributes) {
        return frame(caption, rows.size()).bare(caption, heads, rows, attributes).end("div");
    }

    /** Opens a frame for a table of so many rows; the frame scrolls sideways, and downwards where there are many. */
    Html frame(String caption, int rows) {
        return open("div", "class", rows > LONG ? "scroll long" : "scroll", "tabindex", "0", "role", "region",
                "aria-label", caption);
    }

    /** A long table with one more column, of links: one piece of HTML per row. */
    Html linkedTable(String caption, List<String> heads, List<List<String>> rows, String head, List<Html> links,
            String... attributes) {
        List<String> all = new ArrayList<>(heads);
        all.add(head);
        return frame(caption, rows.size()).bare(caption, all, rows, links, attributes).end("div");
    }

    private Html bare(String caption, List<String> heads, List<List<String>> rows, String... attributes) {
        return bare(caption, heads, rows, List.of(), attributes);
    }

    private Html bare(String caption, List<String> heads, List<List<String>> rows, List<Html> links,
            String... attributes) {
        open("table", attributes).element("caption", caption).open("thead").open("tr");
        for (String head : heads) {
            boolean number = head.startsWith("#");
            element("th", number ? head.substring(1) : head, "scope", "col", "class", number ? "number" : "");
        }
        close("tr").close("thead").open("tbody");
        for (int at = 0; at < rows.size(); at++) {
            List<String> row = rows.get(at);
            open("tr");
            for (int i = 0; i < row.size(); i++) {
                String kind = heads.get(i).startsWith("#") ? "number" : "";
                if (i == 0) {
                    name("th", row.get(i), "scope", "row", "class", kind);
                } else {
                    name("td", row.get(i), "class", kind);
                }
            }
            if (!links.isEmpty()) {
                open("td", "class", "links").add(links.get(at)).close("td");
            }
            close("tr");
        }
        return close("tbody").close("table");
    }

    @Override
    public String toString() {
        return text.toString();
    }

    /** The text with everything HTML gives a meaning to replaced, inside and outside of attributes. */
    static String escape(String content) {
        StringBuilder escaped = new StringBuilder(content.length() + 16);
        for (int i = 0; i < content.length(); i++) {
            char c = content.charAt(i);
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.append(Character.isISOControl(c) && c != '\n' && c != '\t' ? '\uFFFD' : c);
            }
        }
        return escaped.toString();
    }

    /** JSON that can stand inside a script element: no character in it can end that element or open a comment. */
    static String script(String json) {
        return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
    }
}

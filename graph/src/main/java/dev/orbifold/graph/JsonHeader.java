package dev.orbifold.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses the JSON of a safetensors header: objects, lists, strings and whole numbers, the only things it may hold.
 * Objects become maps in order, numbers become longs. Source: RFC 8259.
 */
final class JsonHeader {
    private static final int DEEPEST = 8;

    private final String text;
    private final String what;
    private int at;

    private JsonHeader(String text, String what) {
        this.text = text;
        this.what = what;
    }

    /**
     * Parses one object, after which only spaces may follow.
     *
     * @throws GraphException if the text is anything else, or a key is there twice
     */
    static Map<String, Object> parse(String text, String what) {
        JsonHeader header = new JsonHeader(text, what);
        Map<String, Object> object = header.object(0);
        if (!text.substring(header.at).isBlank()) {
            throw header.wrong("something follows the closing brace");
        }
        return object;
    }

    /** Quotes a string. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            switch (c) {
                case '"', '\\' -> quoted.append('\\').append(c);
                default -> {
                    if (c < ' ') {
                        quoted.append(String.format("\\u%04x", (int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    private Object value(int depth) {
        if (depth > DEEPEST) {
            throw wrong("it nests deeper than " + DEEPEST);
        }
        char c = peek();
        if (c == '{') {
            return object(depth);
        }
        if (c == '[') {
            return list(depth);
        }
        return c == '"' ? string() : number();
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> object = new LinkedHashMap<>();
        take('{');
        if (peek() == '}') {
            at++;
            return object;
        }
        do {
            peek();
            String key = string();
            take(':');
            if (object.put(key, value(depth + 1)) != null) {
                throw wrong("the key '" + key + "' is there twice");
            }
        } while (more('}'));
        return object;
    }

    private List<Object> list(int depth) {
        List<Object> list = new ArrayList<>();
        take('[');
        if (peek() == ']') {
            at++;
            return list;
        }
        do {
            list.add(value(depth + 1));
        } while (more(']'));
        return list;
    }

    private boolean more(char end) {
        char c = peek();
        at++;
        if (c != ',' && c != end) {
            throw wrong("expected ',' or '" + end + "', found '" + c + "'");
        }
        return c == ',';
    }

    private long number() {
        int from = at;
        while (at < text.length() && (Character.isDigit(text.charAt(at)) || at == from && text.charAt(at) == '-')) {
            at++;
        }
        try {
            return Long.parseLong(text.substring(from, at));
        } catch (NumberFormatException e) {
            throw new GraphException(what + " has a damaged header: expected a whole number at character " + from, e);
        }
    }

    private String string() {
        take('"');
        StringBuilder string = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return string.toString();
            }
            if (c < ' ') {
                throw wrong("a control character within a string");
            }
            string.append(c == '\\' ? escaped() : c);
        }
        throw wrong("a string has no end");
    }

    private char escaped() {
        char c = at < text.length() ? text.charAt(at++) : ' ';
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                String digits = text.substring(at, Math.min(text.length(), at + 4));
                if (!digits.matches("[0-9a-fA-F]{4}")) {
                    throw wrong("'\\u" + digits + "' is no character");
                }
                at += 4;
                yield (char) Integer.parseInt(digits, 16);
            }
            default -> throw wrong("'\\" + c + "' is no escape");
        };
    }

    private char peek() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        if (at >= text.length()) {
            throw wrong("it ends too early");
        }
        return text.charAt(at);
    }

    private void take(char expected) {
        char c = peek();
        if (c != expected) {
            throw wrong("expected '" + expected + "', found '" + c + "'");
        }
        at++;
    }

    private GraphException wrong(String how) {
        return new GraphException(what + " has a damaged header at character " + at + ": " + how);
    }
}

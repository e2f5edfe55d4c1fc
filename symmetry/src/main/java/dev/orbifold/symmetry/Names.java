package dev.orbifold.symmetry;

import dev.orbifold.graph.Node;
import java.util.Optional;

/** Names of Spaces for people. */
final class Names {
    private Names() {
    }

    /** The parameter's name without its last word where it has one of its own, else that of the node that uses it. */
    static String of(String parameter, Optional<Node> use) {
        boolean anonymous = parameter.contains("::") || parameter.startsWith("/") || parameter.matches("\\d+")
                || parameter.matches(".*_output_\\d+");
        String node = use.map(Node::name).orElse("");
        if (!anonymous || node.isEmpty()) {
            return parameter.replaceFirst("[._](weight|bias|kernel|gamma|scale)(_\\d+)?$", "");
        }
        return node.replaceFirst("^/", "").replaceFirst("/" + use.orElseThrow().opType() + "(_\\d+)?$", "").replace('/',
                '.');
    }
}

package dev.orbifold.watch;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Whom to let in: whoever says the token to this machine under its own name. Another name in {@code Host} means that a page
 * from elsewhere has had its name point here (DNS rebinding); another {@code Origin}, that a page from elsewhere asks.
 */
final class Gate {
    /** 192 random bits cannot be guessed. */
    private static final int TOKEN_BYTES = 24;

    private static final String BEARER = "Bearer ";

    private final String token;

    Gate() {
        byte[] random = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(random);
        token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    String token() {
        return token;
    }

    /**
     * Whether a request may be answered.
     *
     * @param port listened at
     * @param host the header {@code Host}
     * @param origin the header {@code Origin}
     * @param query the parameter {@code token}
     * @param authorization the header {@code Authorization}
     */
    boolean admits(int port, Optional<String> host, Optional<String> origin, Optional<String> query,
            Optional<String> authorization) {
        List<String> names = List.of("127.0.0.1:" + port, "localhost:" + port);
        boolean here = host.filter(names::contains).isPresent()
                && origin.map(from -> names.stream().anyMatch(name -> from.equals("http://" + name))).orElse(true);
        Optional<String> said = query.or(() -> authorization.filter(words -> words.startsWith(BEARER))
                .map(words -> words.substring(BEARER.length())));
        return here && said.filter(this::isToken).isPresent();
    }

    /** Takes the same time for any text of the token's length. */
    private boolean isToken(String text) {
        return MessageDigest.isEqual(text.getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
    }
}

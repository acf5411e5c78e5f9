import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A DSSE envelope taken apart (PROTOCOL.md, section 3). Nothing in {@link #payload} is looked at before one of the
 * {@code open} methods has returned it: the signature is over the bytes received, not over what a parser made of them.
 */
final class Envelope {
    private static final Pattern OWN_KEY =
            Pattern.compile("\\{\"public\":\"((?:[0-9a-f]{2}){16,256})\".*", Pattern.DOTALL);
    /** Longer than the head that {@link #OWN_KEY} matches. */
    private static final int OWN_KEY_HEAD = 600;

    final String type;
    final String keyid;
    private final byte[] payload;
    private final byte[] signature;

    private Envelope(String type, String keyid, byte[] payload, byte[] signature) {
        this.type = type;
        this.keyid = keyid;
        this.payload = payload;
        this.signature = signature;
    }

    /** Size, strict JSON of the envelope itself, one signature, base64: in this order. */
    static Envelope split(byte[] data) throws Refusal {
        if (data.length > Limits.ENVELOPE) {
            throw new Refusal("envelope_size");
        }
        Members outer = Members.of(Json.read(data)).only(Set.of("payloadType", "payload", "signatures"));
        String type = outer.text("payloadType");
        String payload = outer.text("payload");
        List<Members> signatures = outer.objects("signatures");
        for (Members each : signatures) {
            each.only(Set.of("keyid", "sig")).text("keyid");
            each.text("sig");
        }
        if (signatures.size() != 1) {
            throw new Refusal("envelope_signatures");
        }
        Members only = signatures.get(0);
        return new Envelope(type, only.text("keyid"), base64(payload), base64(only.text("sig")));
    }

    /** The payload bytes, once type, key role and signature are known to hold. */
    byte[] open(Kind expected, Keys keys) throws Refusal {
        if (!type.equals(expected.type)) {
            throw new Refusal("payload_type");
        }
        if (!Members.KEYID.matcher(keyid).matches()) {
            throw new Refusal("keyid");
        }
        byte[] key = keys.signer(keyid, expected.role);
        if (key == null) {
            throw new Refusal("key_unknown");
        }
        return verified(key);
    }

    /**
     * The payload of a self-named message (trust): its key is taken from a fixed place in the bytes, with no parser.
     * This proves possession of that key and no more, so it is compared with the root where that is known.
     */
    byte[] openSelfNamed(Kind expected, Keys keys) throws Refusal {
        if (!type.equals(expected.type)) {
            throw new Refusal("payload_type");
        }
        int head = Math.min(payload.length, OWN_KEY_HEAD);
        Matcher named = OWN_KEY.matcher(new String(payload, 0, head, StandardCharsets.ISO_8859_1));
        if (!named.matches()) {
            throw new Refusal("own_key");
        }
        byte[] key = HexFormat.of().parseHex(named.group(1));
        if (!Keys.keyid(key).equals(keyid)) {
            throw new Refusal("keyid");
        }
        byte[] opened = verified(key);
        if (expected == Kind.TRUST && keys.root() != null && !Arrays.equals(keys.root(), key)) {
            throw new Refusal("trust_root");
        }
        return opened;
    }

    private byte[] verified(byte[] key) throws Refusal {
        if (!Crypto.verifies(key, signature, preAuthentication())) {
            throw new Refusal("signature");
        }
        return payload;
    }

    /** {@code "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload}; lengths count bytes. */
    private byte[] preAuthentication() {
        byte[] kind = type.getBytes(StandardCharsets.UTF_8);
        String head = "DSSEv1 " + kind.length + " " + type + " " + payload.length + " ";
        return Crypto.join(head.getBytes(StandardCharsets.UTF_8), payload);
    }

    /** Standard, padded, in its one spelling: what is read must spell the same again (section 1, words). */
    static byte[] base64(String text) throws Refusal {
        try {
            byte[] data = Base64.getDecoder().decode(text);
            if (Base64.getEncoder().encodeToString(data).equals(text)) {
                return data;
            }
        } catch (IllegalArgumentException error) {
            // answered below, as the second spelling is
        }
        throw new Refusal("base64");
    }
}

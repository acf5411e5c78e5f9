import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The keys of a {@code keys.json}: raw, in hex, by the names of PROTOCOL.md, section 14. Signers need their
 * {@code …_public}, openers their {@code …_private}. In production the device keys come from the enrolment register and
 * the private key stays in its module; this file is for checking golden and captured files.
 */
final class Keys {
    /** A private X25519 key and what recipients are named by. */
    record Opener(byte[] privateKey, byte[] publicKey, String keyid) {}

    private static final Map<String, String> SIGNERS =
            Map.of(
                    "device", "device",
                    "platform_signing", "platform",
                    "root", "root",
                    "publisher", "publisher",
                    "provisioning", "provisioning");
    private static final Pattern RAW = Pattern.compile("[0-9a-f]{64}");

    private final Map<String, byte[]> signers = new HashMap<>();
    private final List<Opener> platform = new ArrayList<>();
    private final List<Opener> device = new ArrayList<>();
    private byte[] root;

    private Keys() {}

    static Keys read(byte[] data) throws Refusal {
        Members named = Members.of(Json.read(data));
        for (Object name : named.names()) {
            boolean key = ((String) name).endsWith("_public") || ((String) name).endsWith("_private");
            if (key && !RAW.matcher(named.text((String) name)).matches()) {
                throw new Refusal("key_file");
            }
        }
        Keys keys = new Keys();
        for (Map.Entry<String, String> signer : SIGNERS.entrySet()) {
            byte[] raw = raw(named, signer.getKey() + "_public");
            if (raw != null) {
                keys.signers.put(signer.getValue() + " " + keyid(raw), raw);
            }
        }
        keys.root = raw(named, "root_public");
        addOpener(keys.platform, raw(named, "platform_private"));
        addOpener(keys.platform, raw(named, "escrow_private"));
        addOpener(keys.device, raw(named, "device_kem_private"));
        return keys;
    }

    private static byte[] raw(Members named, String name) throws Refusal {
        return named.has(name) ? HexFormat.of().parseHex(named.text(name)) : null;
    }

    private static void addOpener(List<Opener> openers, byte[] privateKey) {
        if (privateKey != null) {
            byte[] publicKey = Crypto.x25519Public(privateKey);
            openers.add(new Opener(privateKey, publicKey, keyid(publicKey)));
        }
    }

    /** First 32 hex digits of the SHA-256 of the raw public key (section 2). */
    static String keyid(byte[] rawPublic) {
        return Crypto.sha256Hex(rawPublic).substring(0, 32);
    }

    /** The raw Ed25519 key of that id, only in the role in which it is registered; else nothing. */
    byte[] signer(String keyid, String role) {
        return signers.get(role + " " + keyid);
    }

    /** The root's raw key, or nothing where it is not known. */
    byte[] root() {
        return root;
    }

    /** Who can open batches: the platform, then escrow. */
    List<Opener> platform() {
        return platform;
    }

    /** Who can open verdicts and change pages. */
    List<Opener> device() {
        return device;
    }
}

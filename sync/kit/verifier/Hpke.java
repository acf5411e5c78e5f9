import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * HPKE in base mode, opening one message (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. It wraps the
 * content key of a batch for each recipient (PROTOCOL.md, section 6). Names follow the RFC.
 */
final class Hpke {
    private static final int ENC = 32;
    private static final int HASH = 32;
    private static final int KEY = 32;
    private static final int NONCE = 12;
    private static final byte[] NOTHING = {};
    private static final byte[] MODE_BASE = {0};
    private static final byte[] VERSION = ascii("HPKE-v1");
    /** {@code "KEM" ‖ kem_id}. */
    private static final byte[] KEM_SUITE = Crypto.join(ascii("KEM"), HexFormat.of().parseHex("0020"));
    /** {@code "HPKE" ‖ kem_id ‖ kdf_id ‖ aead_id}. */
    private static final byte[] HPKE_SUITE = Crypto.join(ascii("HPKE"), HexFormat.of().parseHex("002000010002"));

    private Hpke() {}

    /** The message in {@code enc ‖ ciphertext}, with this info and an empty AAD; raises where it does not open. */
    static byte[] open(byte[] wrapped, byte[] privateKey, byte[] publicKey, byte[] info)
            throws GeneralSecurityException {
        if (wrapped.length < ENC) {
            throw new GeneralSecurityException();
        }
        byte[] enc = Arrays.copyOf(wrapped, ENC);
        byte[] ciphertext = Arrays.copyOfRange(wrapped, ENC, wrapped.length);
        byte[] sharedSecret = decap(enc, privateKey, publicKey);

        // Key schedule (RFC 9180, 5.1) without a pre-shared key.
        byte[] pskIdHash = labeledExtract(HPKE_SUITE, NOTHING, "psk_id_hash", NOTHING);
        byte[] infoHash = labeledExtract(HPKE_SUITE, NOTHING, "info_hash", info);
        byte[] context = Crypto.join(MODE_BASE, pskIdHash, infoHash);
        byte[] secret = labeledExtract(HPKE_SUITE, sharedSecret, "secret", NOTHING);
        byte[] key = labeledExpand(HPKE_SUITE, secret, "key", context, KEY);
        // The first message has sequence number 0, and base_nonce XOR 0 is base_nonce.
        byte[] nonce = labeledExpand(HPKE_SUITE, secret, "base_nonce", context, NONCE);
        return Crypto.unseal(key, nonce, NOTHING, ciphertext);
    }

    /** RFC 9180, 4.1. */
    private static byte[] decap(byte[] enc, byte[] privateKey, byte[] publicKey) throws GeneralSecurityException {
        byte[] dh = Crypto.x25519(privateKey, enc);
        byte[] prk = labeledExtract(KEM_SUITE, NOTHING, "eae_prk", dh);
        return labeledExpand(KEM_SUITE, prk, "shared_secret", Crypto.join(enc, publicKey), HASH);
    }

    /** RFC 9180, 4; HKDF-Extract is HMAC with the salt as its key (RFC 5869, 2.2). */
    private static byte[] labeledExtract(byte[] suite, byte[] salt, String label, byte[] keyMaterial)
            throws GeneralSecurityException {
        return Crypto.hmac(salt, Crypto.join(VERSION, suite, ascii(label), keyMaterial));
    }

    /** RFC 9180, 4; every output here fits in one block of HKDF-Expand (RFC 5869, 2.3), which is numbered 1. */
    private static byte[] labeledExpand(byte[] suite, byte[] prk, String label, byte[] info, int length)
            throws GeneralSecurityException {
        byte[] size = {(byte) (length >> 8), (byte) length};
        byte[] block = Crypto.hmac(prk, Crypto.join(size, VERSION, suite, ascii(label), info, new byte[] {1}));
        return Arrays.copyOf(block, length);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}

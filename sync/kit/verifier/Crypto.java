import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Suite JM1 (PROTOCOL.md, section 2) out of the JDK's own primitives, over raw keys of 32 bytes. The JDK wants keys in
 * DER; for these two curves that is a fixed prefix (RFC 8410) in front of the raw bytes.
 */
final class Crypto {
    private static final byte[] ED25519_PUBLIC = HexFormat.of().parseHex("302a300506032b6570032100");
    private static final byte[] X25519_PUBLIC = HexFormat.of().parseHex("302a300506032b656e032100");
    private static final byte[] X25519_PRIVATE = HexFormat.of().parseHex("302e020100300506032b656e04220420");
    private static final int KEY = 32;
    private static final int TAG_BITS = 128;

    private Crypto() {}

    static byte[] sha256(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error); // every Java has it
        }
    }

    static String sha256Hex(byte[] data) {
        return HexFormat.of().formatHex(sha256(data));
    }

    static byte[] join(byte[]... pieces) {
        int size = 0;
        for (byte[] piece : pieces) {
            size += piece.length;
        }
        ByteBuffer joined = ByteBuffer.allocate(size);
        for (byte[] piece : pieces) {
            joined.put(piece);
        }
        return joined.array();
    }

    /** Whether an Ed25519 signature (RFC 8032) is this raw key's over exactly this message. */
    static boolean verifies(byte[] rawPublic, byte[] signature, byte[] message) {
        if (rawPublic.length != KEY) {
            return false;
        }
        try {
            KeyFactory keys = KeyFactory.getInstance("Ed25519");
            Signature verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(keys.generatePublic(new X509EncodedKeySpec(join(ED25519_PUBLIC, rawPublic))));
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException error) {
            return false; // not a point, or not 64 bytes
        }
    }

    /** X25519 (RFC 7748). Raises where the shared secret would be all zeros (a point of small order). */
    static byte[] x25519(byte[] rawPrivate, byte[] rawPublic) throws GeneralSecurityException {
        KeyFactory keys = KeyFactory.getInstance("X25519");
        PrivateKey mine = keys.generatePrivate(new PKCS8EncodedKeySpec(join(X25519_PRIVATE, rawPrivate)));
        PublicKey theirs = keys.generatePublic(new X509EncodedKeySpec(join(X25519_PUBLIC, rawPublic)));
        KeyAgreement agreement = KeyAgreement.getInstance("X25519");
        agreement.init(mine);
        agreement.doPhase(theirs, true);
        return agreement.generateSecret();
    }

    /** The raw X25519 public key of a raw private one: the shared secret with the base point, which is 9. */
    static byte[] x25519Public(byte[] rawPrivate) {
        byte[] base = new byte[KEY];
        base[0] = 9;
        try {
            return x25519(rawPrivate, base);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error); // the base point is never of small order
        }
    }

    static byte[] hmac(byte[] key, byte[] message) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        // HMAC fills a short key up with zeros, so that an empty key is 32 zeros; the JDK takes only the latter.
        mac.init(new SecretKeySpec(key.length == 0 ? new byte[KEY] : key, "HmacSHA256"));
        return mac.doFinal(message);
    }

    /** AES-256-GCM, the tag last; raises where key, nonce, AAD or ciphertext are not the sealed ones. */
    static byte[] unseal(byte[] key, byte[] nonce, byte[] aad, byte[] sealed) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(aad);
        return cipher.doFinal(sealed);
    }
}

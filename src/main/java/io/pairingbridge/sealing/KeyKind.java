package io.pairingbridge.sealing;

/** The kinds of key pair that can be made here; each is strong enough to be accepted by {@link RecipientKeys}. */
public enum KeyKind {
    /** 3072 bits: the fastest to seal with. */
    RSA3072,
    RSA4096,
    P256,
    P384,
    P521
}

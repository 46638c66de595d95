#!/usr/bin/env python3
"""Takes credentials off their queue over AMQP 1.0 and opens them. Needs python-qpid-proton and jwcrypto.

Usage: receive_credentials.py amqp://127.0.0.1:61616 PASSWORD-FILE PRIVATE-JWK OUT-DIR
"""
import os
import sys

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWKSet
from proton import Timeout, symbol
from proton.reactor import ReceiverOption
from proton.utils import BlockingConnection


class FromQueue(ReceiverOption):
    def apply(self, receiver):
        receiver.source.capabilities.put_object(symbol("queue"))


def open_sealed(text, keys):
    """The bytes of the endpoint's answer; raises if the text was changed or is sealed to another key."""
    sealed = JWE(algs=["RSA-OAEP-256", "ECDH-ES+A256KW", "A256GCM"])
    sealed.deserialize(text)
    key = keys.get_key(sealed.jose_header["kid"])
    sealed.decrypt(key)
    return sealed.jose_header["job"], sealed.payload


def main():
    url, password_file, private_file, folder = sys.argv[1:]
    keys = JWKSet.from_json(open(private_file).read())
    connection = BlockingConnection(url, user="erp-credentials", password=open(password_file).read().strip(),
                                    allowed_mechs="PLAIN", timeout=30)
    try:
        receiver = connection.create_receiver("pairing.credentials", credit=1, options=FromQueue())
        while True:
            try:
                message = receiver.receive(timeout=2)
            except Timeout:
                break
            job, credentials = open_sealed(message.body, keys)
            if job != message.properties["PairingJobId"]:
                raise SystemExit("sealed for another job")
            # A stand-in for your vault. The same credentials may come again after a crash: storing twice must be harmless.
            with open(os.path.join(folder, job.replace(":", "_") + ".json"), "wb") as out:
                out.write(credentials)
                out.flush()
                os.fsync(out.fileno())
            receiver.accept()  # only now is the message gone from the queue
            print("stored the credentials of job", job)
    finally:
        connection.close()


if __name__ == "__main__":
    main()

"""How images are attested: who signs, by what a signature is known, and who looks for holes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.spec.base import REGISTRY_ADDRESS, SIGNING_KEY, URL, Frozen, SecretKey, Unit

SigningKey = Annotated[str, StringConstraints(pattern=SIGNING_KEY)]


class Identity(Frozen):
    """Who signs where there is no key: what the pipeline's own certificate says (Sigstore, keyless)."""

    issuer: Annotated[str, StringConstraints(pattern=URL)] = Field(
        description="Who vouches for it, such as https://token.actions.githubusercontent.com."
    )
    subject: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="The pipeline, exactly as its certificate names it, such as "
        "https://github.com/ORG/REPOSITORY/.github/workflows/main.yml@refs/heads/main."
    )


class SupplyChain(Frozen):
    """Images get a signature, an SBOM, a scan and their provenance by `caas attest`, which `caas up` runs too; in prod
    the policy pack asks for them."""

    key: SigningKey | None = Field(
        None,
        description="cosign's private key, which signs: its path, relative to Pulumi.yaml, or a URI of a KMS "
        "(awskms://, gcpkms://, azurekms://, hashivault://, k8s://). COSIGN_PASSWORD opens a file. Where nothing "
        "signs, neither key nor keySecret is needed.",
    )
    key_secret: SecretKey | None = Field(
        None,
        description="A key in caas:secrets that holds the private key's file, in place of key; COSIGN_PASSWORD "
        "opens it.",
    )
    public_key: SigningKey | None = Field(
        None,
        description="The key that a signature must fit: a path or a URI as for key. Default: key, where that is a "
        "URI. Required without identity.",
    )
    identity: Identity | None = Field(
        None, description="Whose signature counts where there is no key: the pipeline's own identity (OIDC)."
    )
    sbom: Literal["spdx", "cyclonedx"] = Field("spdx", description="Format of the list of packages that syft makes.")
    scanner: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        (),
        description="Command that writes what it finds as grype's or trivy's JSON to standard output, with the "
        "database that it has; {sbom} stands for the SBOM's file and {image} for the image. For example "
        "[grype, 'sbom:{sbom}', -o, json]. Default: nobody scans, and prod refuses.",
    )
    scan_age: Annotated[int, Field(ge=1, le=365), Unit("days")] = Field(
        30, description="Days after which a scan counts no more."
    )
    repository: Annotated[str, StringConstraints(pattern=REGISTRY_ADDRESS)] | None = Field(
        None,
        description="Repository that holds signatures and attestations; its tags must be allowed to move, and no "
        "clean-up may remove them. Default: beside each image. Required where the images' own repositories are made "
        "here with fixed tags (aws-ecs, gke).",
    )
    transparency_log: bool = Field(
        False,
        description="Put signatures of a key into the public transparency log, and ask it. Signatures without a key "
        "always are.",
    )

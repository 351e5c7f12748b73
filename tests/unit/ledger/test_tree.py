"""Merkle trees: the same roots and proofs as a library nobody here wrote."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_inclusion

from hub.ledger import tree

LEAVES = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=70)


def oracle(leaves: list[bytes]) -> InmemoryTree:
    """Return the other library's tree over the same leaves."""
    other = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        other.append_entry(leaf)
    return other


@given(LEAVES)
def test_roots_agree_with_the_oracle(leaves: list[bytes]) -> None:
    assert tree.root([tree.leaf_hash(leaf) for leaf in leaves]) == oracle(leaves).get_root()


@given(LEAVES, st.data())
def test_inclusion_proofs_are_accepted_here_and_their_siblings_agree(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    hashes = [tree.leaf_hash(leaf) for leaf in leaves]
    proof = tree.inclusion_proof(hashes, index)
    top = tree.root(hashes)
    assert tree.verify_inclusion(leaf=hashes[index], index=index, size=len(leaves), proof=proof, root=top)
    theirs = oracle(leaves).prove_inclusion(index + 1)
    verify_inclusion(hashes[index], top, theirs)
    nodes = [bytes.fromhex(node) for node in theirs.serialize()["path"]]
    assert sorted(nodes) == sorted([hashes[index], *proof])


@given(LEAVES, st.data())
def test_a_proof_for_another_leaf_place_size_or_node_is_refused(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    hashes = [tree.leaf_hash(leaf) for leaf in leaves]
    proof, top, size = tree.inclusion_proof(hashes, index), tree.root(hashes), len(leaves)
    good = {"leaf": hashes[index], "index": index, "size": size, "proof": proof, "root": top}
    changes = [{"leaf": b"\0" * 32}, {"index": -1}, {"index": size}, {"root": b"\0" * 32}]
    changes += [{"proof": [*proof, b"\0" * 32]}]
    if proof:
        changes += [{"proof": proof[:-1]}, {"proof": [b"\0" * 32, *proof[1:]]}]
    for change in changes:
        assert not tree.verify_inclusion(**{**good, **change})


def test_the_empty_tree_has_the_root_of_the_standard() -> None:
    assert tree.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

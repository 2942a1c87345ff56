// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Where a price comes from: a round of a push feed, or a signed report.
enum ProofKind {
    Round,
    Report
}

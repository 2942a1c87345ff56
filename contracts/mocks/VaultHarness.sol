// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {MarginVault} from "../MarginVault.sol";
import {TermsMath} from "../libraries/TermsMath.sol";
import {Market} from "../types/Market.sol";
import {Position} from "../types/Position.sol";
import {Terms, TermsWords} from "../types/Terms.sol";

/// @title VaultHarness
/// @notice A MarginVault that can be put into any state, to compare what it does with its twin in TypeScript.
contract VaultHarness is MarginVault {
    /// @notice Stores sums, a position and its terms as they are, and lifts the cap on open interest.
    function place(
        Market calldata market_,
        uint256 positionId,
        Position calldata position_,
        Terms calldata terms_
    ) external {
        _market = market_;
        _positions[positionId] = position_;
        TermsWords storage words = _terms[position_.termsId];
        (words.margins, words.trades) = TermsMath.pack(terms_);
        _maxOpenInterest = type(uint128).max;
    }

    /// @notice Forgets a position, so that its id can be opened again.
    function clear(uint256 positionId) external {
        delete _positions[positionId];
    }
}

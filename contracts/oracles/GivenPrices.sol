// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IChainlinkStreamOracle} from "../interfaces/IChainlinkStreamOracle.sol";

/// @title GivenPrices
/// @notice Remembers which price each second was given, so that none is ever given two.
library GivenPrices {
    /// @dev Seconds whose marks share a slot: eight of 32 bits each, so that a busy market seldom pays for a fresh one.
    uint256 private constant _SECONDS_PER_SLOT = 8;
    uint256 private constant _MARK_BITS = 32;

    /// @notice Gives `price` to each second of a span, and refuses one that was given another before.
    ///
    /// @dev A mark is 31 bits of the price's hash, never zero. Prices are signed, so nobody can search for two that share
    /// one.
    ///
    /// @param slots The marks.
    /// @param from First second of the span [s].
    /// @param until Last second of the span [s].
    /// @param price The price [WAD].
    function give(
        mapping(uint256 slot => uint256 marks) storage slots,
        uint256 from,
        uint256 until,
        uint256 price
    ) internal {
        uint256 mark = uint32(uint256(keccak256(abi.encode(price)))) | 1;
        while (from <= until) {
            uint256 slot = from / _SECONDS_PER_SLOT;
            uint256 end = Math.min(until + 1, (slot + 1) * _SECONDS_PER_SLOT);
            uint256 before = slots[slot];
            uint256 marks = before;
            for (; from < end; ++from) {
                uint256 shift = (from % _SECONDS_PER_SLOT) * _MARK_BITS;
                uint256 found = uint32(marks >> shift);
                require(found == 0 || found == mark, IChainlinkStreamOracle.PriceAlreadyGiven(from, price));
                marks |= mark << shift;
            }
            if (marks != before) slots[slot] = marks;
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Terms} from "../types/Terms.sol";

/// @title TermsMath
/// @notice Terms in two words. From the lowest bit, `ratios` holds six times 32 bits in steps of 1e-9: initial margin,
/// maintenance margin, liquidation fee, position fee, liquidation target, least reserve; then the cool-off in 16 bits.
/// `amounts` holds five times 48 bits in steps of 1e-6: keeper fee floor and cap, least maintenance, margin, notional.
library TermsMath {
    /// @dev Step of a ratio [WAD].
    uint256 private constant RATIO_STEP = 1e9;
    /// @dev Step of an amount [WAD quote].
    uint256 private constant AMOUNT_STEP = 1e12;

    /// @notice Thrown when a value of terms is not a whole number of steps, or too large.
    /// @param name Which value.
    /// @param value What it would be.
    /// @param step What it must be a multiple of.
    error TermsNotRepresentable(bytes32 name, uint256 value, uint256 step);

    /// @notice Terms as two words.
    /// @param terms The terms; every ratio a multiple of 1e9, every amount a multiple of 1e12.
    /// @return ratios The first word.
    /// @return amounts The second word.
    function pack(Terms memory terms) internal pure returns (uint256 ratios, uint256 amounts) {
        ratios =
            ratioOf("initialMarginRatio", terms.initialMarginRatio) |
            (ratioOf("maintenanceMarginRatio", terms.maintenanceMarginRatio) << 32) |
            (ratioOf("liquidationFeeRatio", terms.liquidationFeeRatio) << 64) |
            (ratioOf("positionFeeRatio", terms.positionFeeRatio) << 96) |
            (ratioOf("liquidationTarget", terms.liquidationTarget) << 128) |
            (ratioOf("minReserveRatio", terms.minReserveRatio) << 160) |
            (stepsOf("liquidationCooldown", terms.liquidationCooldown, 1, 16) << 192);
        amounts =
            amountOf("keeperFeeFloor", terms.keeperFeeFloor) |
            (amountOf("keeperFeeCap", terms.keeperFeeCap) << 48) |
            (amountOf("minMaintenance", terms.minMaintenance) << 96) |
            (amountOf("minMargin", terms.minMargin) << 144) |
            (amountOf("minNotional", terms.minNotional) << 192);
    }

    /// @notice Terms from two words, exactly as they were packed.
    /// @param ratios The first word.
    /// @param amounts The second word.
    /// @return terms The terms.
    function unpack(uint256 ratios, uint256 amounts) internal pure returns (Terms memory terms) {
        // 2^32 × 1e9 fits 64 bits and 2^48 × 1e12 fits 96: nothing overflows. Saves 400 gas in every trade.
        unchecked {
            terms.initialMarginRatio = uint64(uint32(ratios) * RATIO_STEP);
            terms.maintenanceMarginRatio = uint64(uint32(ratios >> 32) * RATIO_STEP);
            terms.liquidationFeeRatio = uint64(uint32(ratios >> 64) * RATIO_STEP);
            terms.positionFeeRatio = uint64(uint32(ratios >> 96) * RATIO_STEP);
            terms.liquidationTarget = uint64(uint32(ratios >> 128) * RATIO_STEP);
            terms.minReserveRatio = uint64(uint32(ratios >> 160) * RATIO_STEP);
            terms.liquidationCooldown = uint16(ratios >> 192);
            terms.keeperFeeFloor = uint96(uint48(amounts) * AMOUNT_STEP);
            terms.keeperFeeCap = uint96(uint48(amounts >> 48) * AMOUNT_STEP);
            terms.minMaintenance = uint96(uint48(amounts >> 96) * AMOUNT_STEP);
            terms.minMargin = uint128(uint48(amounts >> 144) * AMOUNT_STEP);
            terms.minNotional = uint128(uint48(amounts >> 192) * AMOUNT_STEP);
        }
    }

    function ratioOf(bytes32 name, uint256 value) private pure returns (uint256) {
        return stepsOf(name, value, RATIO_STEP, 32);
    }

    function amountOf(bytes32 name, uint256 value) private pure returns (uint256) {
        return stepsOf(name, value, AMOUNT_STEP, 48);
    }

    function stepsOf(bytes32 name, uint256 value, uint256 step, uint256 bits) private pure returns (uint256 steps) {
        steps = value / step;
        require(value % step == 0 && steps >> bits == 0, TermsNotRepresentable(name, value, step));
    }
}

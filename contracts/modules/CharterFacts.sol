// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICommonErrors} from "../interfaces/ICommonErrors.sol";
import {IMarginVault} from "../interfaces/IMarginVault.sol";
import {IMarketCharter} from "../interfaces/IMarketCharter.sol";
import {MarketAddresses} from "../interfaces/IMarketFactory.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {ParameterBounds} from "../libraries/ParameterBounds.sol";
import {CurveParameters, MarketParameters, PowerParameters} from "../types/MarketParameters.sol";

/// @title CharterFacts
/// @notice What a market is made of and nobody can change.
abstract contract CharterFacts is IMarketCharter, ICommonErrors {
    /// @inheritdoc IMarketCharter
    address public collateralToken;
    /// @inheritdoc IMarketCharter
    address public oracle;
    /// @inheritdoc IMarketCharter
    uint256 public tokenScale;
    /// @inheritdoc IMarketCharter
    uint64 public sequencerGrace;
    /// @inheritdoc IMarketCharter
    uint256 public protocolFeeShare;

    IMarginVault internal _marginVault;
    /// @dev Largest position fee under which the late spread of orders is still no free option [WAD].
    uint256 internal _maxPositionFee;
    uint64 internal _createdAt;
    MarketAddresses private _addresses;
    CurveParameters internal _curves;
    PowerParameters internal _powers;

    /// @inheritdoc IMarketCharter
    function powers() external view returns (PowerParameters memory) {
        return _powers;
    }

    /// @inheritdoc IMarketCharter
    function curves() external view returns (CurveParameters memory) {
        return _curves;
    }

    /// @inheritdoc IMarketCharter
    function addresses() external view returns (MarketAddresses memory) {
        return _addresses;
    }

    function _setFacts(MarketParameters memory parameters, MarketAddresses memory addresses_, uint256 scale) internal {
        PowerParameters memory powers_ = parameters.powers;
        ParameterBounds.check("sequencerGrace", parameters.sequencerGrace, 0, 1 days);
        ParameterBounds.check("changeDelay", powers_.changeDelay, 2 days, 30 days);
        ParameterBounds.check("deadOracleDelay", powers_.deadOracleDelay, 7 days, 90 days);
        ParameterBounds.check("deadOracleNotice", powers_.deadOracleNotice, 1 days, 30 days);
        ParameterBounds.check(
            "protocolFeeShare",
            parameters.protocolFeeShare,
            0,
            ParameterBounds.MAX_PROTOCOL_FEE_SHARE
        );
        ParameterBounds.checkCurves(parameters.curves, parameters.pool.maxUtilization);
        require(parameters.protocolFeeReceiver != address(0), ZeroAddress());

        collateralToken = parameters.collateralToken;
        oracle = parameters.oracle;
        tokenScale = scale;
        sequencerGrace = parameters.sequencerGrace;
        protocolFeeShare = parameters.protocolFeeShare;
        _marginVault = IMarginVault(addresses_.marginVault);
        uint256 threshold = IOracle(parameters.oracle).deviationThreshold();
        uint256 spread = parameters.orders.latencySpread;
        ParameterBounds.check("latencySpread", spread, threshold + parameters.terms.positionFeeRatio, 0.1e18);
        _maxPositionFee = spread - threshold;
        _createdAt = uint64(block.timestamp);
        _addresses = addresses_;
        _curves = parameters.curves;
        _powers = powers_;
    }
}
